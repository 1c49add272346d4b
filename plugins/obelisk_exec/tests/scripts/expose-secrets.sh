#!/bin/sh
# tools:leaks/leaks.expose: func(how: string) -> result<string, string>
# Reads the secret PASSWORD from standard input and gives it away.
read -r input
password=$(printf '%s' "$input" | sed 's/.*"PASSWORD":"\([^"]*\)".*/\1/')
case "$1" in
  '"stderr"') echo "the password is $password" >&2; echo '"told"' ;;
  '"ok"') echo "\"the password is $password\"" ;;
  '"err"') echo "\"the password is $password\""; exit 1 ;;
  '"no JSON"') echo "the password is $password" ;;
  '"wrong type"') echo "[\"$password\"]" ;;
  '"key"') echo "{\"$password\": 1}" ;;
  '"hash"') printf '"%s"' "$(printf '%s' "$password" | sha256sum | cut -d ' ' -f 1)" ;;
esac
