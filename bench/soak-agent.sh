#!/bin/sh
# A program that speaks as Claude Code does and works in milliseconds: it writes what its role owes and hands over. A file
# faults/<round>-<role> says how it misbehaves, once. It leaves a line in finished.log when, and only when, its work is done.
cat >/dev/null
key=$NEXT_ROLE_ROUND-$NEXT_ROLE_ROLE
fault=none
mkdir -p faults/taken out
if mv "faults/$key" "faults/taken/$key" 2>/dev/null; then read -r fault <"faults/taken/$key"; fi
echo "$key" >>started.log
echo '{"type":"system","subtype":"init","session_id":"soak","model":"soak"}'
case $NEXT_ROLE_ROLE in
  maker) next=checker status=READY ;;
  *) next=human status=ROUND-COMPLETE ;;
esac
failure() { echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"result\":\"$1\"$2}"; exit 1; }
# Asked to end in the middle of this, it ends after it: between the handover and its line in the log nobody could tell what is done.
finish() {
  trap '' TERM INT
  echo "made by $key" >"out/$key.md"
  if grep -q '^status:' "$NEXT_ROLE_HANDOFF"; then
    sed -i -e "s/^next-role: .*/next-role: $next/" -e "s/^status: .*/status: $status/" "$NEXT_ROLE_HANDOFF"
  else
    # The header is broken: a new one above the words of people, which must stay.
    words=$(grep '^human ' "$NEXT_ROLE_HANDOFF")
    printf -- '---\nround: %s\nnext-role: %s\nstatus: %s\ntier: pair\ndispatch: %s\n---\n\n%s\n' \
      "$NEXT_ROLE_ROUND" "$next" "$status" "$NEXT_ROLE_ORDER" "$words" >"$NEXT_ROLE_HANDOFF"
  fi
  echo "$key" >>finished.log
  trap - TERM INT
}
result() { echo '{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":1,"total_cost_usd":0}'; }
await() { touch "waiting-$key"; n=0; while [ -e "waiting-$key" ] && [ $n -lt 600 ]; do sleep 0.1; n=$((n + 1)); done; }
case $fault in
  killed) kill -9 $$ ;;
  lost) kill -9 $PPID $$ ;;
  hang) sleep 300 ;;
  stubborn) trap '' TERM INT HUP; while :; do sleep 1; done ;;
  garbage) head -c 200000 /dev/urandom; printf '\033]0;owned\007\n{"type":"result"'; exit 0 ;;
  flood) head -c 12000000 /dev/zero | tr '\0' x; sleep 300 ;;
  empty) result; exit 0 ;;
  crash) echo half >"out/half-$key.md"; exit 3 ;;
  late-crash) finish; exit 3 ;;
  limit) echo "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"rateLimitType\":\"five_hour\",\"resetsAt\":$(($(date +%s) + 2))}}"
    failure 'limit reached' ',"api_error_status":429,"api_error":"usage_limit_reached"' ;;
  network) failure 'connection refused' ',"api_error":"connection_failed"' ;;
  broken-header) printf -- '---\nround: [\n---\n%s\n' "$(grep '^human ' "$NEXT_ROLE_HANDOFF")" >"$NEXT_ROLE_HANDOFF"; result; exit 0 ;;
  ask) sed -i 's/^status: .*/status: ESCALATE\nescalation:\n  question: Go on?\n  options:\n    A: { do: go on, then: "" }\n    B: { do: stop, then: "" }/' "$NEXT_ROLE_HANDOFF"; result; exit 0 ;;
  background) setsid sleep 300 >/dev/null 2>&1 & finish; result; exit 0 ;;
  edit | pause) await ;;
esac
finish
result
