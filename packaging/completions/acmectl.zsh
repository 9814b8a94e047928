#compdef acmectl
# SPDX-License-Identifier: Apache-2.0
# zsh completion for acmectl(1)

_acmectl_names() {
  local -a names
  names=(${(f)"$(acmectl completion names 2>/dev/null)"})
  compadd -a names
}

_acmectl() {
  local context state line
  local -a verbs
  verbs=(
    'status:the certificates, the worst first'
    'show:all about one certificate'
    'renew:order certificates now'
    'deploy:bring a certificate to its targets again'
    'revoke:have a certificate revoked by its CA'
    'account:our accounts at the CAs'
    'events:what has happened'
    'doctor:look at everything that can be known without an order'
    'metrics:the metrics as Prometheus reads them'
    'config:the configuration as it is in force'
    'reload:have the daemon read its configuration anew'
    'import:print the configuration that does what another client does'
    'completion:print the completions for a shell'
  )
  _arguments -C \
    '--socket[the control socket]:socket:_files' \
    '--config[the configuration]:file:_files' \
    '--version[print the version]' \
    '(- *)--help[print the options]' \
    '1:verb:->verb' \
    '*::argument:->argument'
  case $state in
    verb) _describe verb verbs ;;
    argument)
      case $words[1] in
        status) _arguments '--json[print JSON]' '--watch[go on]' '*:name:_acmectl_names' ;;
        show) _arguments '--json[print JSON]' '1:name:_acmectl_names' ;;
        renew) _arguments '--force[also when it is not due]' '--no-wait[do not wait]' '--json[print JSON]' '*:name:_acmectl_names' ;;
        deploy) _arguments '--no-wait[do not wait]' '--json[print JSON]' '1:name:_acmectl_names' '2:target:' ;;
        revoke)
          _arguments '--generation[one of those that are kept]:number:' \
            '--reason[why]:reason:(keyCompromise superseded cessationOfOperation affiliationChanged unspecified)' \
            '--replace[put another one in service first]' '--no-wait[do not wait]' '--json[print JSON]' '1:name:_acmectl_names'
          ;;
        account) _arguments '--yes[deactivate without asking]' '--no-wait[do not wait]' '--json[print JSON]' '1:action:(list roll-key deactivate create)' '2:CA:' ;;
        events) _arguments '(-f --follow)'{-f,--follow}'[and what happens from now on]' '--json[print JSON]' ;;
        doctor) _arguments '--touch-dns[try an update]' '--json[print JSON]' '1:name:_acmectl_names' ;;
        metrics) _arguments '--output[the file to write them to]:file:_files' ;;
        reload) _arguments '--json[print JSON]' ;;
        import) _arguments '--apply[take it over]' '1:client:(certbot lego acme.sh)' '2:folder:_files -/' ;;
        completion) _arguments '1:shell:(bash zsh fish)' ;;
      esac
      ;;
  esac
}

_acmectl "$@"
