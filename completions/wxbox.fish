# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wxbox_global_optspecs
    string join \n c/config= database= json q/quiet v/verbose color= h/help V/version
end

function __fish_wxbox_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wxbox_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wxbox_using_subcommand
    set -l cmd (__fish_wxbox_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wxbox -n "__fish_wxbox_needs_command" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_needs_command" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_needs_command" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_needs_command" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_needs_command" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_needs_command" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_needs_command" -s V -l version -d 'Print version'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "init" -d 'Create the config file'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "doctor" -d 'Check the setup and suggest fixes'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "user" -d 'Manage users'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "bind" -d 'Bind a user to their WeChat account with a QR code'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "unbind" -d 'Remove the binding of a user'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "send" -d 'Send a message'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "run" -d 'Run a command and report its result'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "serve" -d 'Run a service: receive events, deliver messages'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "event" -d 'Record one event that another server got from WeChat'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "outbox" -d 'List, retry, cancel and delete messages'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "template" -d 'Manage the message templates of the account'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "media" -d 'Upload images, audio and video for messages'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "follower" -d 'List the followers of the account'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "quota" -d 'Show or reset the daily API quota'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "explain" -d 'Explain a WeChat error code or a request ID'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "config" -d 'Print the configuration'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "token" -d 'Print the access token'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "backup" -d 'Copy the database while it is in use'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "sandbox" -d 'Run a local simulator of the WeChat platform'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "demo" -d 'Run the whole flow against a sandbox, then clean up'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "man" -d 'Print the manual page, or write all pages to files'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "help" -d 'Print the help of a command or a topic'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l app-id -d 'AppID of the account [env: WXBOX_APP_ID]' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l redirect-uri -d 'Callback address [env: WXBOX_REDIRECT_URI]' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l listen -d 'Address on which `bind` listens' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l sandbox -d 'Use the sandbox at this URL instead of WeChat' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l events -d 'Receive WeChat\'s events: make a Token and a key' -r -f -a "safe\t'Encrypted (安全模式)'
plain\t'Not encrypted, for a test account'"
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l public-url -d 'URL at which WeChat reaches `serve`' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l ca-file -d 'PEM file of another trusted certificate authority' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l secret-stdin -d 'Read the AppSecret from standard input'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l no-check -d 'Do not check AppID and AppSecret with WeChat'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s f -l force -d 'Replace an existing config file'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "add" -d 'Add a user'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "list" -d 'List users'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "show" -d 'Show a user'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "edit" -d 'Change the name, note or tags of a user'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "passwd" -d 'Set or remove the password of a user'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "remove" -d 'Remove a user'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "import" -d 'Add users from a file, all or none'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "export" -d 'Print all users as CSV, for `user import`'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "sync" -d 'Update which bound users follow the account'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l openid -d 'Bind the user to this openid' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l tag -d 'Add a tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l note -d 'Note about the user' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from standard input'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l tag -d 'Only users with this tag' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l bound -d 'Only bound users'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l unbound -d 'Only unbound users'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l rename -d 'New name; the uid does not change' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l note -d 'New note; "" removes it' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l tag -d 'Add a tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l untag -d 'Remove a tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l password-stdin -d 'Read the new password from standard input'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l remove -d 'Remove the password'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do not ask for confirmation'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l bom -d 'Begin with a byte order mark, by which Excel recognizes UTF-8'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s u -l user -d 'Bind this user; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l tag -d 'With --unbound: only users with this tag' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l timeout -d 'Time to wait for each scan, such as 10m' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l listen -d 'Address on which to wait for the callback' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l scope -d 'Scope of the authorization' -r -f -a "snsapi_base\t'The openid only; WeChat does not ask the person'
snsapi_userinfo\t'The openid and the nickname; the person must agree'"
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l qr -d 'How to draw the QR code' -r -f -a "auto\t'On a terminal: `unicode` if the locale is UTF-8, else `ascii`'
unicode\t'Half-block characters'
ascii\t'Two ASCII characters for each module'
none\t'No QR code, only the URL'"
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l qr-file -d 'Save the QR code to this .png or .svg file' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l openid -d 'Bind to this openid, without a scan' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l unbound -d 'Bind all unbound users, one after another'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l paste -d 'Paste the address from the phone; do not listen'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l scan -d 'Follow and bind with one scan; needs [push] in the config'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l rebind -d 'Replace an existing binding'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l as-admin -d 'Skip the user\'s password'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l password-stdin -d 'Read the user\'s password from standard input'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l short-link -d 'Draw a smaller QR code of a short link'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s u -l user -d 'Unbind this user' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s u -l user -d 'Send to this user; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l tag -d 'Send to all users with this tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l openid -d 'Send to this openid; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l batch -d 'Send JSON messages, one per line' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l text -d 'Text to send; it may begin with -' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s t -l template -d 'Send a template message: alias, ID or title' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s d -l data -d 'Value of a template field; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l data-json -d 'Values of template fields from a JSON file' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l data-color -d 'Color of a field; WeChat ignores it since 2023' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l url -d 'Address that a tap on the message opens' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l miniprogram -d 'Mini-program page that a tap on the message opens' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l image -d 'Send an image: a file, - or a media_id' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l news -d 'Send a link card that a file describes' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l subscribe -d 'Send a subscription notification: alias, ID or title' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l message -d 'Send a message of any type from a JSON file' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l key -d 'Send one message with this key per recipient' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l fallback -d 'Template to use if WeChat rejects a text' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l expire-after -d 'Expire messages that are not delivered in this time' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l wait-receipt -d 'Wait until WeChat reports the delivery, for 60s or this time' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l concurrency -d 'Number of concurrent requests' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l rate -d 'Maximum number of messages per second; 0 = no limit' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l all -d 'Send to all bound users'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l strict -d 'Treat warnings about the content as errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l split -d 'Split a text of more than 2,048 bytes into several messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l no-wait -d 'Queue only; `wxbox serve` or `wxbox outbox flush` sends later'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l dry-run -d 'Print the JSON bodies and send nothing'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s u -l user -d 'Report to this user; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l tag -d 'Report to all users with this tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l on -d 'When to report: always, success (status 0) or failure' -r -f -a "always\t'Report every result'
success\t'Exit status 0'
failure\t'Any other status, a signal, or a command that cannot be started'"
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l text -d 'Text to send; it may begin with -' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s t -l template -d 'Send a template message: alias, ID or title' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s d -l data -d 'Value of a template field; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l data-json -d 'Values of template fields from a JSON file' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l data-color -d 'Color of a field; WeChat ignores it since 2023' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l url -d 'Address that a tap on the message opens' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l miniprogram -d 'Mini-program page that a tap on the message opens' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l key -d 'Send one message with this key per recipient' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l fallback -d 'Template to use if WeChat rejects a text' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l expire-after -d 'Expire messages that are not delivered in this time' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l strict -d 'Treat warnings about the content as errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l no-wait -d 'Queue only; `wxbox serve` or `wxbox outbox flush` sends later'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -l listen -d 'Address to listen on' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -l query -d 'Query string of WeChat\'s request; its signature is checked' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand event" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "list" -d 'List messages, newest first'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "show" -d 'Show one message with its content and attempts'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "flush" -d 'Send the messages that are due; for cron or a systemd timer'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "retry" -d 'Send messages again that were not delivered, or queued messages now'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "cancel" -d 'Cancel queued messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "prune" -d 'Delete finished messages from the database'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "status" -d 'Count messages by state'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l state -d 'Only messages in this state; repeatable' -r -f -a "queued\t''
sent\t''
failed\t''
unknown\t''
cancelled\t''
expired\t''"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l receipt -d 'Only messages with this delivery receipt from WeChat' -r -f -a "delivered\t''
blocked\t''
failed\t''
none\t''"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s u -l user -d 'Only messages to this user' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l since -d 'Only messages queued in this last period, such as 1d' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l limit -d 'Maximum number of messages; 0 = all' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l wait-receipt -d 'Wait until WeChat reports the delivery, for 60s or this time' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l failed -d 'All failed messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l unknown -d 'All messages in state unknown; recipients may get them twice'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l queued -d 'All queued messages, without waiting until they are due'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l expired -d 'All expired messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l all -d 'All queued messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l older-than -d 'Only messages that finished longer ago than this, such as 30d' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l check -d 'Exit with status 6 if messages are late or failed' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "list" -d 'List the account\'s templates'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "show" -d 'Show a template with its fields'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "check" -d 'Check values and print a preview; nothing is sent'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "add" -d 'Add a template from the WeChat library to the account'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "remove" -d 'Remove a template from the account'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l refresh -d 'Download the list again instead of using the cache'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l subscribe -d 'Use the templates of subscription notifications'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l subscribe -d 'Use the templates of subscription notifications'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s d -l data -d 'Value of a template field; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l data-json -d 'Values of template fields from a JSON file; - reads standard input' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l data-color -d 'Color of a field; WeChat ignores it since 2023' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l subscribe -d 'Use the templates of subscription notifications'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l strict -d 'Treat warnings as errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l keyword -d 'Keyword of the template; repeatable, in the order of display' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do not ask for confirmation'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -f -a "upload" -d 'Upload a file and print its media_id'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l type -d 'Type of the file: image, voice, video or thumb [default: by its content]' -r -f -a "image\t''
voice\t''
video\t''
thumb\t''"
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -f -a "list" -d 'List the followers of the account and the users bound to them'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -f -a "show" -d 'Show the profile of a follower'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -f -a "remark" -d 'Set the remark of a follower'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -f -a "show" -d 'Show the remaining API calls of today'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -f -a "clear" -d 'Reset the counters of all APIs; WeChat allows this ten times a month'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s y -l yes -d 'Do not ask for confirmation'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -f -a "show" -d 'Print every config value that is in effect, with secrets masked'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -f -a "path" -d 'Print the path of the config file'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Also print where each value comes from'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l refresh -d 'Request a new token even if the cached one is valid'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s f -l force -d 'Replace an existing file'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l listen -d 'Address to listen on; port 0 selects a free port' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l world -d 'Scenario file with the account, people and templates (TOML)' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -l lang -d 'Language of the pages: en or zh [default: the language of wxbox]' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s c -l config -d 'Config file [env: WXBOX_CONFIG]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -l database -d 'Database file [env: WXBOX_DATABASE]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -l json -d 'Print results as JSON Lines and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s q -l quiet -d 'Print only requested data and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s v -l verbose -d 'Log to stderr; -vv logs more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
