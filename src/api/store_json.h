#pragma once
// The store in JSON: what the user chose for it, and how it stands.
#include "api/json.h"
#include "control/store_policy.h"

namespace sp3ctra::api {

Json store_policy_json(const StorePolicy& policy);
/// What `body` says over what `now` is; `why` says in words what is wrong with it.
std::optional<StorePolicy> store_policy_of(const JsonIn& body, StorePolicy now, std::string& why);
/// Of the running capture, for State.
Json store_state_json(const StoreState& state);

}  // namespace sp3ctra::api
