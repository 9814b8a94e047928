# SPDX-License-Identifier: Apache-2.0
# bash completion for acmectl(1)
_acmectl() {
  local word=${COMP_WORDS[COMP_CWORD]} verb='' i
  local verbs='status show renew deploy revoke account events doctor metrics config reload import completion'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --socket | --config | --reason | --generation | --output) ((i++)) ;;
      -*) ;;
      *)
        verb=${COMP_WORDS[i]}
        break
        ;;
    esac
  done
  case ${COMP_WORDS[COMP_CWORD - 1]} in
    --reason)
      mapfile -t COMPREPLY < <(compgen -W 'keyCompromise superseded cessationOfOperation affiliationChanged unspecified' -- "$word")
      return
      ;;
    --generation) return ;;
    --socket | --config | --output)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  local options='--help --socket --config'
  case $verb in
    '') options+=' --version' ;;
    status) options+=' --json --watch' ;;
    show | reload) options+=' --json' ;;
    renew) options+=' --force --no-wait --json' ;;
    deploy) options+=' --no-wait --json' ;;
    revoke) options+=' --generation --reason --replace --no-wait --json' ;;
    account) options+=' --yes --no-wait --json' ;;
    events) options+=' --follow --json' ;;
    doctor) options+=' --touch-dns --json' ;;
    metrics) options+=' --output' ;;
    import) options+=' --apply' ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  fi
  case $verb in
    '') mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word") ;;
    account)
      if [[ ${COMP_WORDS[COMP_CWORD - 1]} == account ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'list roll-key deactivate create' -- "$word")
      fi
      ;;
    status | show | renew | deploy | revoke | doctor)
      mapfile -t COMPREPLY < <(compgen -W "$(acmectl completion names 2>/dev/null)" -- "$word")
      ;;
    import)
      if [[ ${COMP_WORDS[COMP_CWORD - 1]} == import ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'certbot lego acme.sh' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
      fi
      ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word") ;;
  esac
}
complete -F _acmectl acmectl
