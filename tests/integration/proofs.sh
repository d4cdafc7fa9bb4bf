#!/bin/sh
# Every entry of tests/feature_off/ still finds the text that it takes out (./test --full runs them).
exec "$(dirname "$0")/../../tools/feature_off" --check
