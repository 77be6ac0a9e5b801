# shellcheck shell=dash

# explain_complaint ENGINE SAID: code, message and remedy of what the words mean that the engine at that address has said, a
# line each; nothing for words that are not known.
explain_complaint() {
  ask_engine_at "$1"
  ! complaint_about "$2" || printf '%s\n' "$complaint_code" "$complaint_message" "$complaint_remedy"
}
