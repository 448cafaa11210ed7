# Completion of wxbox for bash: wxbox itself says what can stand at the cursor. The first line of
# its answer is what bash has to do, the others are candidates.
_wxbox() {
    local program=$1 answer="" kind="" prefix="" line i
    [[ -x $program ]] || program=wxbox
    COMPREPLY=()
    answer=$(_WXBOX_COMPLETE=bash "$program" -- "${COMP_TYPE-}" "${COLUMNS:-80}" "$2" \
        "${COMP_LINE:0:COMP_POINT}" 2>/dev/null) || return 0
    while IFS= read -r line; do
        if [[ -z $kind ]]; then
            kind=${line%% *} prefix=${line#* }
        else
            COMPREPLY+=("$line")
        fi
    done <<<"$answer"
    case $kind in
    nospace) compopt -o nospace 2>/dev/null ;;
    files) _wxbox_paths -f default "$2" "$prefix" ;;
    directories) _wxbox_paths -d dirnames "$2" "$prefix" ;;
    command)
        for ((i = 1; i < COMP_CWORD; i++)); do
            [[ ${COMP_WORDS[i]} == -- ]] && break
        done
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset $((i + 1))
        elif declare -F _command_offset >/dev/null; then
            _command_offset $((i + 1))
        elif ((i + 1 == COMP_CWORD)) && [[ $2 != */* ]]; then
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(compgen -c -- "$2" | sort -u)
        else
            _wxbox_paths -f default "$2" ""
        fi
        ;;
    esac
    return 0
}

# Completes a path: readline does, unless an option stands in the same word.
_wxbox_paths() {
    local line
    if [[ -z $4 || $3 != "$4"* ]] && compopt -o "$2" -o filenames 2>/dev/null; then
        return
    fi
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(compgen "$1" -P "$4" -- "${3#"$4"}")
    compopt -o filenames 2>/dev/null
}

complete -o nosort -F _wxbox wxbox 2>/dev/null || complete -F _wxbox wxbox
