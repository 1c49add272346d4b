#!/bin/sh
# tools:hello/hello.greet: func(name: string) -> result<string, string>
# A parameter is JSON: text comes with its quotes, and goes on as JSON inside of an answer.
printf '{"hello": %s}' "$1" | sed 's/^{"hello": "/"Hello, /; s/"}$/!"/'
