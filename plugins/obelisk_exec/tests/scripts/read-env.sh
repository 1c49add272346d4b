#!/bin/sh
# tools:env/env.read: func() -> result<list<string>, string>
# What the shell sets by itself does not count.
env | grep -v -e '^PWD=' -e '^_=' -e '^SHLVL=' | sort | sed 's/.*/"&"/' | paste -s -d , | sed 's/.*/[&]/'
