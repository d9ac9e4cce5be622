#include "http/keys.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

const std::string kFolderKey(32, 'k');
const std::string kSecret(32, 'x');

struct Ring : KeyRing {
  Ring() : KeyRing(kFolderKey) {}
  std::string add(Role role) {
    auto made = make("name", role, from_us(1));
    EXPECT_TRUE(made) << made.error().message;
    stored(made->key);
    return made->secret;
  }
  std::string id(const std::string& secret) const { return find(secret)->id; }
};

TEST(Hmac, is_that_of_rfc_4231) {
  const std::string digest = hmac("Jefe", "what do ya want for nothing?");
  const std::string_view expected(
      "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7"
      "\x5a\x00\x3f\x08\x9d\x27\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43",
      32);
  EXPECT_EQ(base32(digest), base32(expected));
}

TEST(Base32, comes_back_as_it_was) {
  EXPECT_EQ(base32(""), "");
  EXPECT_EQ(base32("\xff"), "zw");
  EXPECT_EQ(base32(std::string(5, '\0')), "00000000");
  for (std::size_t size = 0; size < 20; ++size) {
    const std::string bytes = random_bytes(size);
    EXPECT_EQ(base32_decoded(base32(bytes)), bytes);
  }
  for (const char* text : {"Z", "l", "u", "0 ", "-", "0", "zz", "zw0"})
    EXPECT_EQ(base32_decoded(text), std::nullopt);
}

TEST(ApiKey, row_comes_back_as_it_was_and_damage_is_found) {
  const ApiKey key{"id", "a name", Role::operator_, from_us(17), std::string(32, '\1')};
  const std::string row = encode_api_key(key);
  const auto read = decode_api_key("id", row);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, key.name);
  EXPECT_EQ(read->role, key.role);
  EXPECT_EQ(read->created, key.created);
  EXPECT_EQ(read->hash, key.hash);
  for (std::size_t size = 0; size < row.size(); ++size)
    EXPECT_FALSE(decode_api_key("id", row.substr(0, size))) << size;
  EXPECT_FALSE(decode_api_key("id", row + "x"));
}

TEST(KeyRing, finds_a_key_by_its_whole_secret_only) {
  Ring ring;
  const std::string secret = ring.add(Role::admin);
  EXPECT_EQ(ring.find(secret)->role, Role::admin);
  std::string changed = secret;
  changed.back() = changed.back() == '0' ? '1' : '0';
  const std::string id = ring.id(secret);
  for (const std::string& other :
       {changed, secret + "0", secret.substr(1), secret.substr(0, secret.size() - 1), id,
        "nt_" + id, "nt_" + id + "_", std::string("nt_"), std::string("nt"), std::string()})
    EXPECT_FALSE(ring.find(other)) << other;
  EXPECT_FALSE(KeyRing(std::string(32, 'o')).find(secret));
}

TEST(KeyRing, secret_is_another_in_every_folder) {
  const auto here = KeyRing(kFolderKey).key_of("nt_a_" + kSecret, "n", Role::admin, from_us(1));
  const auto there =
      KeyRing(std::string(32, 'o')).key_of("nt_a_" + kSecret, "n", Role::admin, from_us(1));
  ASSERT_TRUE(here && there);
  EXPECT_NE(here->hash, there->hash);
}

TEST(KeyRing, key_may_be_of_a_secret_that_somebody_thought_of) {
  Ring ring;
  const std::string secret = "nt_root7_" + kSecret.substr(1) + "Z";
  const auto key = ring.key_of(secret, "bootstrap", Role::admin, from_us(7));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->id, "root7");
  ring.put(*key);
  ASSERT_TRUE(ring.find(secret));
  EXPECT_EQ(ring.find(secret)->name, "bootstrap");
  for (const std::string& wrong :
       {std::string(), kSecret, "nt_" + kSecret, "nt__" + kSecret, "nt_a_" + kSecret.substr(1),
        "NT_a_" + kSecret, "nt_A_" + kSecret, "nt_a-b_" + kSecret, "nt_a_" + kSecret + "_",
        "nt_a_" + kSecret + " ", "nt_a_\n" + kSecret, " nt_a_" + kSecret,
        "nt_" + std::string(33, 'a') + "_" + kSecret, "nt_a_" + std::string(257, 'x')})
    EXPECT_FALSE(ring.key_of(wrong, "n", Role::admin, from_us(1))) << wrong;
}

TEST(KeyRing, first_key_is_an_admins) {
  Ring ring;
  for (const Role role : {Role::caller, Role::viewer, Role::operator_}) {
    const auto made = ring.make("name", role, from_us(1));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::invalid_state);
  }
  ring.add(Role::admin);
  ring.add(Role::caller);
  EXPECT_EQ(ring.all().size(), 2u);
}

TEST(KeyRing, last_admin_cannot_go_before_the_others) {
  Ring ring;
  const std::string admin = ring.id(ring.add(Role::admin));
  const std::string caller = ring.id(ring.add(Role::caller));
  EXPECT_EQ(ring.remove(admin).error().code, ErrorCode::invalid_state);
  EXPECT_EQ(ring.remove("none").error().code, ErrorCode::not_found);
  EXPECT_EQ(ring.all().size(), 2u);
  const std::string second = ring.id(ring.add(Role::admin));
  EXPECT_TRUE(ring.remove(admin));
  EXPECT_EQ(ring.remove(second).error().code, ErrorCode::invalid_state);
  EXPECT_TRUE(ring.remove(caller));
  EXPECT_TRUE(ring.remove(second));
  EXPECT_TRUE(ring.empty());
}

TEST(KeyRing, key_that_is_being_stored_is_not_locked_out_meanwhile) {
  Ring ring;
  const std::string admin = ring.id(ring.add(Role::admin));
  ASSERT_TRUE(ring.make("name", Role::caller, from_us(1)));
  EXPECT_EQ(ring.remove(admin).error().code, ErrorCode::invalid_state);
  ring.not_stored();
  EXPECT_TRUE(ring.remove(admin));
}

TEST(AttemptToken, is_taken_only_as_it_was_given) {
  const core::Lease lease{{0x1234, 0x5678}, static_cast<core::LeaseEpoch>(7)};
  const std::string token = attempt_token(kFolderKey, lease);
  const auto parsed = parse_attempt_token(kFolderKey, token);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, lease.id);
  EXPECT_EQ(parsed->epoch, lease.epoch);
  EXPECT_FALSE(parse_attempt_token(std::string(32, 'o'), token));
  EXPECT_FALSE(parse_attempt_token(kFolderKey, token + "0"));
  EXPECT_FALSE(parse_attempt_token(kFolderKey, ""));
  for (std::size_t i = 0; i + 1 < token.size(); ++i) {  // the last digit has spare bits
    std::string changed = token;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(parse_attempt_token(kFolderKey, changed)) << i;
  }
}

}  // namespace
}  // namespace nowthen::http
