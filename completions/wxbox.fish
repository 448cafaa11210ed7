# Completion of wxbox for fish: wxbox itself says what can stand at the cursor. The first line of its
# answer is what fish has to do, the others are candidates.
function __wxbox_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l token (commandline --current-token --cut-at-cursor)
    set -l program $words[1]
    command --query $program; or set program wxbox
    set -lx _WXBOX_COMPLETE fish
    set -l answer (command $program -- $words "$token" 2>/dev/null)
    set -e _WXBOX_COMPLETE
    set -l head (string split --max 1 ' ' -- $answer[1])
    switch "$head[1]"
        case values nospace
            set -e answer[1]
            test (count $answer) -gt 0; and printf '%s\n' $answer
        case files
            set -l path (string sub --start (math 1 + (string length -- "$head[2]")) -- "$token")
            string replace --regex -- '^' "$head[2]" (__fish_complete_path "$path")
        case directories
            __fish_complete_directories "$token"
        case command
            set -l escape (contains --index -- -- $words)
            set -e words[1..$escape]
            complete --do-complete (string join ' ' -- (string escape -- $words) "$token")
    end
end

complete --command wxbox --no-files --keep-order --arguments '(__wxbox_complete)'
