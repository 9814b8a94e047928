#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# acmed-container tells the containers that were named and no others; a fake of Docker's API says what it was asked.
source "$(dirname "$0")/hooks.sh"
needs python3
begin

python3 "$HERE/../fakes/docker_api.py" "$WORK/docker.sock" "$WORK/calls" &
trap 'kill %1; rm -rf "$WORK"' EXIT
expect_success "the fake listens" eventually 10 test -S "$WORK/docker.sock"
engine=(acmed-container --socket "$WORK/docker.sock")
calls() { cat "$WORK/calls" 2>/dev/null || true; rm -f "$WORK/calls"; }

succeeds "a signal by name" 1 "${engine[@]}" --name web --signal HUP
expect_equal "to that one alone" "$(calls)" "kill web HUP"
succeeds "a restart by label" 1 "${engine[@]}" --label acmed=example.test --restart
expect_equal "of those that run" "$(calls)" "restart web"
succeeds "a restart of all that have a label" 1 "${engine[@]}" --label acmed --restart
expect_equal "of all" "$(calls)" $'restart web\nrestart web2'
succeeds "a program" 1 "${engine[@]}" --name mail --exec doveadm reload "a b" --force
expect_equal "with its arguments" "$(calls)" 'exec mail ["doveadm", "reload", "a b", "--force"]'
fails "a program that fails" 'fails exited with 3 .*cannot reload' 1 "${engine[@]}" --name mail --exec fails
fails "no such container" 'no container runs' 1 "${engine[@]}" --name none --restart
fails "a part of a name is no name" 'no container runs' 1 "${engine[@]}" --name we --restart
fails "what the engine refuses" 'invalid signal' 1 "${engine[@]}" --name web --signal NONSENSE
fails "all containers is not what anybody means" 'which containers' 1 "${engine[@]}" --restart
fails "no engine" 'is not reached' 1 acmed-container --socket "$WORK/none.sock" --name web --restart
finish
