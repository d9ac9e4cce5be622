// expect: no member named
#include "declarations.h"

struct Person {
  std::string name;
};
NOWTHEN_JSON(Person, name, phone);
