#pragma once

#include <memory>

#include "http/app.h"

namespace nowthen::http {

// What answers each call of the API: one function each, in the file of its topic.

// calls.cc
void invoke(App& app, Visit visit);
void get_result(App& app, Visit visit);

// invocations.cc
void get_invocation(App& app, Visit visit);
void get_journal(App& app, Visit visit);
void get_why(App& app, Visit visit);

// actions.cc
void cancel(App& app, Visit visit);
void park(App& app, Visit visit);
void resume(App& app, Visit visit);
void restart(App& app, Visit visit);
void rerun(App& app, Visit visit);
void signal(App& app, Visit visit);
void resolve_step(App& app, Visit visit);

// operations.cc
void list_operations(App& app, Visit visit);
void get_operation(App& app, Visit visit);
void declare_operation(App& app, Visit visit);
void delete_operation(App& app, Visit visit);

// policy.cc
void get_policy(App& app, Visit visit);
void change_policy(App& app, Visit visit);
void get_policy_history(App& app, Visit visit);
void revert_policy(App& app, Visit visit);

// search.cc
void search(App& app, Visit visit);
void cancel_all(App& app, Visit visit);
void park_all(App& app, Visit visit);
void resume_all(App& app, Visit visit);
void why_all(App& app, Visit visit);

// events.cc
void events(App& app, Visit visit);

// bulk.cc
std::unique_ptr<Upload> bulk(App& app, Visit visit);

// workers.cc
void end_attempts(App& app, Visit visit);
void lease(App& app, Visit visit);
void complete_attempt(App& app, Visit visit);
void fail_attempt(App& app, Visit visit);
void heartbeat(App& app, Visit visit);
void get_step(App& app, Visit visit);
void put_step(App& app, Visit visit);

// key_routes.cc
void list_keys(App& app, Visit visit);
void create_key(App& app, Visit visit);
void revoke_key(App& app, Visit visit);
void list_audit(App& app, Visit visit);

// metrics.cc
void metrics(App& app, Visit visit);

// backup.cc
void back_up(App& app, Visit visit);

// pages.cc
void front_page(App& app, Visit visit);
void openapi(App& app, Visit visit);
void error_page(App& app, Visit visit);
void healthz(App& app, Visit visit);
void readyz(App& app, Visit visit);

}  // namespace nowthen::http
