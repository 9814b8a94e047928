# SPDX-License-Identifier: Apache-2.0
# fish completion for acmectl(1)
set -l verbs status show renew deploy events doctor config reload import completion

complete -c acmectl -f
complete -c acmectl -l socket -r -F -d 'the control socket'
complete -c acmectl -l config -r -F -d 'the configuration'
complete -c acmectl -l help -d 'print the options'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -l version -d 'print the version'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a status -d 'the certificates, the worst first'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a show -d 'all about one certificate'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a renew -d 'order certificates now'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a deploy -d 'bring a certificate to its targets again'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a events -d 'what has happened'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a doctor -d 'look at everything without an order'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a config -d 'the configuration as it is in force'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a reload -d 'read the configuration anew'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a import -d 'do what another client does'
complete -c acmectl -n "not __fish_seen_subcommand_from $verbs" -a completion -d 'print the completions for a shell'
complete -c acmectl -n '__fish_seen_subcommand_from status show renew deploy doctor' -a '(acmectl completion names 2>/dev/null)'
complete -c acmectl -n '__fish_seen_subcommand_from status show renew deploy events doctor reload' -l json -d 'print JSON'
complete -c acmectl -n '__fish_seen_subcommand_from status' -l watch -d 'go on, and show what changes'
complete -c acmectl -n '__fish_seen_subcommand_from renew' -l force -d 'also when it is not due'
complete -c acmectl -n '__fish_seen_subcommand_from renew deploy' -l no-wait -d 'do not wait for the end'
complete -c acmectl -n '__fish_seen_subcommand_from events' -s f -l follow -d 'and what happens from now on'
complete -c acmectl -n '__fish_seen_subcommand_from doctor' -l touch-dns -d 'try an update'
complete -c acmectl -n '__fish_seen_subcommand_from import' -a 'certbot lego acme.sh'
complete -c acmectl -n '__fish_seen_subcommand_from import' -l apply -d 'take it over'
complete -c acmectl -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
