#!/bin/sh
# tools:sums/sums.add: func(a: u32, b: u32) -> result<u32, string>
if [ "$1" -gt 1000 ]; then
  echo "\"$1 is too much\""
  exit 1
fi
echo "$(($1 + $2))"
