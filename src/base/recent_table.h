#pragma once
// A table of bounded size that forgets what was silent longest.
#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>

namespace sp3ctra {

/// At most `size_max` values by key. Single thread. Deterministic: what is forgotten depends only
/// on the order of calls, never on hashes. No allocation once it is full, but for what Value holds.
template <class Key, class Value, class Hash = std::hash<Key>>
class RecentTable {
 public:
  explicit RecentTable(uint32_t size_max) : size_max_(size_max) {}

  /// Null when it is not there. Does not make it recent.
  Value* find(const Key& key) {
    const auto at = places_.find(key);
    return at == places_.end() ? nullptr : &at->second->second;
  }
  /// The value of `key`, made when it is not there (then `made` is true), now the most recent.
  Value& touch(const Key& key, bool* made = nullptr) {
    const auto at = places_.find(key);
    if (made) *made = at == places_.end();
    if (at != places_.end()) {
      order_.splice(order_.begin(), order_, at->second);
      return at->second->second;
    }
    if (places_.size() < size_max_) {
      order_.emplace_front(key, Value{});
      places_.emplace(key, order_.begin());
      return order_.front().second;
    }
    ++forgotten_;
    order_.splice(order_.begin(), order_, std::prev(order_.end()));
    auto node = places_.extract(order_.front().first);
    order_.front() = {key, Value{}};
    node.key() = key;
    node.mapped() = order_.begin();
    places_.insert(std::move(node));
    return order_.front().second;
  }
  void erase(const Key& key) {
    const auto at = places_.find(key);
    if (at == places_.end()) return;
    order_.erase(at->second);
    places_.erase(at);
  }
  /// f(key, value) for each, the most recent first, until it returns false.
  template <class F>
  void for_each_while(F f) {
    for (auto& [key, value] : order_)
      if (!f(key, value)) return;
  }
  size_t size() const { return places_.size(); }
  /// How many had to go because the table was full.
  uint64_t forgotten() const { return forgotten_; }

 private:
  using Order = std::list<std::pair<Key, Value>>;
  uint32_t size_max_;
  uint64_t forgotten_ = 0;
  Order order_;  ///< the most recent first
  std::unordered_map<Key, typename Order::iterator, Hash> places_;
};

}  // namespace sp3ctra
