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

complete -c wxbox -n "__fish_wxbox_needs_command" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_needs_command" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_needs_command" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_needs_command" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_needs_command" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_needs_command" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_needs_command" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_needs_command" -s V -l version -d 'Print version'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "init" -d 'Write a config: asks for what it needs, and tries it'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "doctor" -d 'Check config, database, network and account, and say what to fix'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "user" -d 'Manage the registry of people'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "bind" -d 'Connect a person to their WeChat: show a QR code and wait for the scan'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "unbind" -d 'Remove a person\'s connection to WeChat'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "send" -d 'Send a message'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "run" -d 'Run a command, then report how it ended'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "outbox" -d 'Look at messages sent and queued, and tidy them up'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "template" -d 'Look at the account\'s message templates, check values, change the list'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "media" -d 'Have WeChat keep files that messages show'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "follower" -d 'Look at who follows the account'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "quota" -d 'Look at how often WeChat\'s APIs may still be called today'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "explain" -d 'Say what an errcode of WeChat\'s means and what to do, or what became of a request'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "config" -d 'Look at the configuration'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "token" -d 'Print the access token, for other scripts'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "backup" -d 'Copy the database while others use it'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "sandbox" -d 'Run a local stand-in for the WeChat platform'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "demo" -d 'Show the whole job against the sandbox, in a throw-away directory'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "completions" -d 'Print a shell\'s completions, to be kept where the shell looks for them'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "man" -d 'Print the manual page, or write all of them into a directory'
complete -c wxbox -n "__fish_wxbox_needs_command" -f -a "help" -d 'Print the help of a command, or of a topic: exit-codes, environment, json, recovery, sandbox'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l app-id -d 'The account\'s app id [env: WXBOX_APP_ID]' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l redirect-uri -d 'The address that WeChat sends phones back to [env: WXBOX_REDIRECT_URI]' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l listen -d 'Where bind listens, if a web server or tunnel in front passes callbacks on' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l sandbox -d 'Ask no WeChat but a sandbox, at this address' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l ca-file -d 'PEM file with one more certificate authority to trust, such as that of a proxy that inspects TLS' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l secret-stdin -d 'Read the AppSecret from standard input [env: WXBOX_APP_SECRET holds it]'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l no-check -d 'Do not try the app id and the secret'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s f -l force -d 'Replace a config that is there; it is kept as FILE.bak'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand init" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "add" -d 'Add a person'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "list" -d 'List people'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "show" -d 'Show a person'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "edit" -d 'Change a person\'s name, note or tags'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "passwd" -d 'Set or remove the password that `bind` asks for'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "remove" -d 'Remove a person, with binding, tags and the text of all messages to them'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "import" -d 'Add people from a file, all or none'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "export" -d 'Print everybody, for `user import`: CSV, or JSON Lines with --json'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and not __fish_seen_subcommand_from add list show edit passwd remove import export sync" -f -a "sync" -d 'Ask WeChat which of the bound still follow the account'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l openid -d 'Bind to this openid at once' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l tag -d 'Set a tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l note -d 'A free text about the person' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from standard input'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l tag -d 'Only people with this tag' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l bound -d 'Only people who are bound'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l unbound -d 'Only people who are not bound'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l rename -d 'The new name; the uid stays' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l note -d 'The new note; "" removes it' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l tag -d 'Set a tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l untag -d 'Take a tag away; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l password-stdin -d 'Read the new password from standard input'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l remove -d 'Remove the password'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do not ask'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l bom -d 'Begin with a byte order mark, by which Excel recognizes UTF-8'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand user; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s u -l user -d 'The person; repeatable: one after the other' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l tag -d 'Of these only who has this tag' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l timeout -d 'How long to wait for each scan [default: listen.timeout of the config, 5m]' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l listen -d 'Where to listen for the callback [default: listen.address of the config]' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l scope -d 'What to ask the person for [default: scope of the config, snsapi_userinfo]' -r -f -a "snsapi_base\t'The openid, without asking'
snsapi_userinfo\t'Also the nickname, after the person\'s consent'"
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l qr -d 'How to draw the QR code' -r -f -a "auto\t'On a terminal: half blocks where the locale is UTF-8, else ASCII'
unicode\t'Half blocks'
ascii\t'Two characters a module'
none\t'No code, only the URL'"
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l qr-file -d 'Also draw the QR code in this file: .png or .svg' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l openid -d 'Bind to this openid by hand, without a scan' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l unbound -d 'Everybody who is not bound yet, one after the other'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l paste -d 'Do not listen: take the address that WeChat sent the phone to, as somebody pastes it (in a script: a line of standard input)'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l rebind -d 'Replace the binding of a person who is bound already'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l as-admin -d 'Do not ask for the person\'s password'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l password-stdin -d 'Read the person\'s password from standard input (with --paste: its first line)'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l short-link -d 'Draw a smaller code: of a link to this listener, which sends the phone on [default: where the window is too small]'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand bind" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s u -l user -d 'The person' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand unbind" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s u -l user -d 'To this person; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l tag -d 'To everybody with this tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l openid -d 'To this openid; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l batch -d 'Messages as JSON, one a line; - reads standard input' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l text -d 'The text to send' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s t -l template -d 'Send a template message: an alias of the config, a template id or the beginning of one, or a title' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s d -l data -d 'A field of the template; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l data-json -d 'Fields of the template from a JSON object; - reads standard input' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l data-color -d 'The colour of a field; repeatable (WeChat ignores colours since 2023)' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l url -d 'What a tap on the message opens' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l miniprogram -d 'The mini-program page that a tap opens, rather than the URL' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l image -d 'Send a picture: a file (- reads standard input), or the media_id of one that `media upload` printed' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l news -d 'Send a card that opens an address, from a file with title, description, url and picurl; - reads standard input' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l subscribe -d 'Send a subscription notification to people who have allowed it: an alias, a template id or its beginning, or a title' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l message -d 'Send any kind of message, from a JSON file; - reads standard input' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l key -d 'Deliver at most once to each recipient, however often this is run with the same key' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l fallback -d 'Send a text as this template\'s message where WeChat takes no text, since the person has not written lately' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l expire-after -d 'Give a message up that is not delivered after this time, instead of send.expire_after' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l concurrency -d 'Requests at a time, instead of send.concurrency' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l rate -d 'Messages a second at most, instead of send.rate; 0 = no limit' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l all -d 'To everybody who is bound'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l strict -d 'Take each warning about the content for an error: what is too long, not UTF-8, refused by WeChat or not shown'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l split -d 'Send a text that is too long in parts, each only after the one before it; with --key, part 2 has KEY#2, and so on'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l no-wait -d 'Only queue, and leave it to `outbox flush` to deliver'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l dry-run -d 'Print the exact JSON bodies and send nothing'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand send" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s u -l user -d 'Report to this person; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l tag -d 'Report to everybody with this tag; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l on -d 'Which end to report: always, success (status 0) or failure (anything else)' -r -f -a "always\t'Every end'
success\t'Status 0'
failure\t'Any other status, a signal, or no start at all'"
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l text -d 'The text to send' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s t -l template -d 'Send a template message: an alias of the config, a template id or the beginning of one, or a title' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s d -l data -d 'A field of the template; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l data-json -d 'Fields of the template from a JSON object; - reads standard input' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l data-color -d 'The colour of a field; repeatable (WeChat ignores colours since 2023)' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l url -d 'What a tap on the message opens' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l miniprogram -d 'The mini-program page that a tap opens, rather than the URL' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l key -d 'Deliver at most once to each recipient, however often this is run with the same key' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l fallback -d 'Send a text as this template\'s message where WeChat takes no text, since the person has not written lately' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l expire-after -d 'Give a message up that is not delivered after this time, instead of send.expire_after' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l strict -d 'Take each warning about the content for an error: what is too long, not UTF-8, refused by WeChat or not shown'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l no-wait -d 'Only queue, and leave it to `outbox flush` to deliver'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand run" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "list" -d 'List messages, newest first'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "show" -d 'Show a message'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "flush" -d 'Deliver what is due, for cron or a timer'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "retry" -d 'Deliver messages again that were not delivered, or that wait for a later time'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "cancel" -d 'Withdraw queued messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "prune" -d 'Remove finished messages from the database'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and not __fish_seen_subcommand_from list show flush retry cancel prune status" -f -a "status" -d 'Count messages by state'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l state -d 'Only messages in this state; repeatable' -r -f -a "queued\t''
sent\t''
failed\t''
unknown\t''
cancelled\t''
expired\t''"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s u -l user -d 'Only messages to this person' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l since -d 'Only messages queued within this time' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l limit -d 'At most so many, the newest; 0 = all' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l failed -d 'All failed messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l unknown -d 'All messages that may or may not have been delivered: some people may get theirs twice'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l queued -d 'All queued messages that wait for a later time'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l expired -d 'All expired messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l all -d 'All queued messages'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l older-than -d 'Only messages of which nothing happened within this time, such as 30d' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l check -d 'Exit with status 6 if the oldest queued message is older than this, or if a message failed, expired or became unknown within this time; with -q nothing is printed unless one did' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand outbox; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "list" -d 'List the account\'s templates'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "show" -d 'Show a template with its fields'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "check" -d 'Check values and preview the card; nothing is sent'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "add" -d 'Add a template of WeChat\'s library to the account'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and not __fish_seen_subcommand_from list show check add remove" -f -a "remove" -d 'Remove a template from the account'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l refresh -d 'Ask WeChat even if a list is kept'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l subscribe -d 'Of subscription notifications'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l subscribe -d 'Of subscription notifications'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s d -l data -d 'A field of the template; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l data-json -d 'Fields of the template from a JSON object; - reads standard input' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l data-color -d 'The colour of a field; repeatable' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l subscribe -d 'Of subscription notifications'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l strict -d 'Take each warning for an error'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l keyword -d 'A keyword of the template; repeatable, in the order in which the card shows them' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do not ask'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand template; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and not __fish_seen_subcommand_from upload" -f -a "upload" -d 'Have WeChat keep a file for three days, and print its media_id'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l type -d 'What it is to be, if not what it looks like: image, voice, video or thumb' -r -f -a "image\t''
voice\t''
video\t''
thumb\t''"
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand media; and __fish_seen_subcommand_from upload" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -f -a "list" -d 'List everybody who follows the account, with who is bound to them'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -f -a "show" -d 'Show what WeChat tells of a person'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and not __fish_seen_subcommand_from list show remark" -f -a "remark" -d 'Set what the account calls a person'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand follower; and __fish_seen_subcommand_from remark" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -f -a "show" -d 'Show how many calls are left today, by API'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and not __fish_seen_subcommand_from show clear" -f -a "clear" -d 'Let all counters begin at 0 again; WeChat allows that ten times a month'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s y -l yes -d 'Do not ask'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand quota; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand explain" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -f -a "show" -d 'Show every value in force, secrets masked'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and not __fish_seen_subcommand_from show path" -f -a "path" -d 'Print the path of the config file that is read, or where it belongs'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Also say where each value came from'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l refresh -d 'Ask WeChat even if a valid token is kept'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand token" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s f -l force -d 'Replace a file that is there'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand backup" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l listen -d 'Where to listen; port 0 takes any free one' -r
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l world -d 'The account, people and templates to start with (TOML)' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand sandbox" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand demo" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand completions" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand man" -s h -l help -d 'Print help'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s c -l config -d 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -l database -d 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]' -r -F
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere'
always\t'Everywhere'
never\t'Nowhere'"
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -l json -d 'Print results as JSON Lines, and errors as JSON'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s q -l quiet -d 'Print only data that was asked for, and errors'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s v -l verbose -d 'Say on stderr what is done; twice for more [env: WXBOX_LOG]'
complete -c wxbox -n "__fish_wxbox_using_subcommand help" -s h -l help -d 'Print help'
