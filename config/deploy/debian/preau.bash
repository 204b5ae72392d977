# Completion of preau for bash: the commands and options that the program's own --help names where the line stands.
_preau() {
  local word=${COMP_WORDS[COMP_CWORD]} said words
  said=$("${COMP_WORDS[0]}" "${COMP_WORDS[@]:1:COMP_CWORD-1}" --help 2>/dev/null) || return
  words=$(sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\)\( .*\)\{0,1\}$/\1/p' <<<"$said")
  words+=" $(grep -oE -- '^ +(-[a-zA-Z], )?--[a-z][a-z-]*' <<<"$said" | grep -oE -- '--[a-z][a-z-]*')"
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _preau preau
