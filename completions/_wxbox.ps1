
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'wxbox' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'wxbox'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'wxbox' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a config: asks for what it needs, and tries it')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look whether all is well, and say what to mend')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Manage the registry of people')
            [CompletionResult]::new('bind', 'bind', [CompletionResultType]::ParameterValue, 'Connect a person to their WeChat: show a QR code and wait for the scan')
            [CompletionResult]::new('unbind', 'unbind', [CompletionResultType]::ParameterValue, 'Remove a person''s connection to WeChat')
            [CompletionResult]::new('send', 'send', [CompletionResultType]::ParameterValue, 'Send a message')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Look at messages sent and queued, and tidy them up')
            [CompletionResult]::new('template', 'template', [CompletionResultType]::ParameterValue, 'Look at the account''s message templates, check values, change the list')
            [CompletionResult]::new('follower', 'follower', [CompletionResultType]::ParameterValue, 'Look at who follows the account')
            [CompletionResult]::new('quota', 'quota', [CompletionResultType]::ParameterValue, 'Look at how often WeChat''s APIs may still be called today')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what an errcode of WeChat''s means and what to do, or what became of a request')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Look at the configuration')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print the access token, for other scripts')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy the database while others use it')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local stand-in for the WeChat platform')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Show the whole job against the sandbox, in a throw-away directory')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell''s completions, to be kept where the shell looks for them')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all of them into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print the help of a command, or of a topic: exit-codes, environment, json, sandbox')
            break
        }
        'wxbox;init' {
            [CompletionResult]::new('--app-id', '--app-id', [CompletionResultType]::ParameterName, 'The account''s app id [env: WXBOX_APP_ID]')
            [CompletionResult]::new('--redirect-uri', '--redirect-uri', [CompletionResultType]::ParameterName, 'The address that WeChat sends phones back to [env: WXBOX_REDIRECT_URI]')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where bind listens, if a web server or tunnel in front passes callbacks on')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Ask no WeChat but a sandbox, at this address')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--secret-stdin', '--secret-stdin', [CompletionResultType]::ParameterName, 'Read the AppSecret from standard input [env: WXBOX_APP_SECRET holds it]')
            [CompletionResult]::new('--no-check', '--no-check', [CompletionResultType]::ParameterName, 'Do not try the app id and the secret')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Replace a config that is there; it is kept as FILE.bak')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a config that is there; it is kept as FILE.bak')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;doctor' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a person')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List people')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a person')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a person''s name, note or tags')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set or remove the password that `bind` asks for')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a person, with binding, tags and the text of all messages to them')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Add people from a file, all or none')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Print everybody, for `user import`: CSV, or JSON Lines with --json')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Ask WeChat which of the bound still follow the account')
            break
        }
        'wxbox;user;add' {
            [CompletionResult]::new('--openid', '--openid', [CompletionResultType]::ParameterName, 'Bind to this openid at once')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Set a tag; repeatable')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'A free text about the person')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the password from standard input')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;list' {
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only people with this tag')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--bound', '--bound', [CompletionResultType]::ParameterName, 'Only people who are bound')
            [CompletionResult]::new('--unbound', '--unbound', [CompletionResultType]::ParameterName, 'Only people who are not bound')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;show' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;edit' {
            [CompletionResult]::new('--rename', '--rename', [CompletionResultType]::ParameterName, 'The new name; the uid stays')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'The new note; "" removes it')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Set a tag; repeatable')
            [CompletionResult]::new('--untag', '--untag', [CompletionResultType]::ParameterName, 'Take a tag away; repeatable')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;passwd' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the new password from standard input')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Remove the password')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;remove' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;import' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;export' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;user;sync' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;bind' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'The person')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The person')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the scan [default: listen.timeout of the config, 5m]')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen for the callback [default: listen.address of the config]')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'What to ask the person for [default: scope of the config, snsapi_userinfo]')
            [CompletionResult]::new('--qr', '--qr', [CompletionResultType]::ParameterName, 'How to draw the QR code')
            [CompletionResult]::new('--qr-file', '--qr-file', [CompletionResultType]::ParameterName, 'Also draw the QR code in this file: .png or .svg')
            [CompletionResult]::new('--openid', '--openid', [CompletionResultType]::ParameterName, 'Bind to this openid by hand, without a scan')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--rebind', '--rebind', [CompletionResultType]::ParameterName, 'Replace the binding of a person who is bound already')
            [CompletionResult]::new('--as-admin', '--as-admin', [CompletionResultType]::ParameterName, 'Do not ask for the person''s password')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the person''s password from standard input')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'wxbox;unbind' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'The person')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The person')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;send' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'To this person; repeatable')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'To this person; repeatable')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'To everybody with this tag; repeatable')
            [CompletionResult]::new('--openid', '--openid', [CompletionResultType]::ParameterName, 'To this openid; repeatable')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Messages as JSON, one a line; - reads standard input')
            [CompletionResult]::new('--text', '--text', [CompletionResultType]::ParameterName, 'The text to send')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Send a template message: an alias of the config, a template id or the beginning of one, or a title')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Send a template message: an alias of the config, a template id or the beginning of one, or a title')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'A field of the template; repeatable')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'A field of the template; repeatable')
            [CompletionResult]::new('--data-json', '--data-json', [CompletionResultType]::ParameterName, 'Fields of the template from a JSON object; - reads standard input')
            [CompletionResult]::new('--data-color', '--data-color', [CompletionResultType]::ParameterName, 'The colour of a field; repeatable (WeChat ignores colours since 2023)')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'What a tap on the message opens')
            [CompletionResult]::new('--miniprogram', '--miniprogram', [CompletionResultType]::ParameterName, 'The mini-program page that a tap opens, rather than the URL')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Deliver at most once to each recipient, however often this is run with the same key')
            [CompletionResult]::new('--fallback', '--fallback', [CompletionResultType]::ParameterName, 'Send a text as this template''s message where WeChat takes no text, since the person has not written lately')
            [CompletionResult]::new('--expire-after', '--expire-after', [CompletionResultType]::ParameterName, 'Give a message up that is not delivered after this time, instead of send.expire_after')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests at a time, instead of send.concurrency')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Messages a second at most, instead of send.rate; 0 = no limit')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'To everybody who is bound')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Take what WeChat would not show for an error: first, remark, colours, emoji, line breaks, long values')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Only queue, and leave it to `outbox flush` to deliver')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the exact JSON bodies and send nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;outbox' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List messages, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a message')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Deliver what is due, for cron or a timer')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Deliver messages once more that failed, or that may have been delivered')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Withdraw queued messages')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Remove finished messages from the database')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Count messages by state')
            break
        }
        'wxbox;outbox;list' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Only messages in this state; repeatable')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Only messages to this person')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Only messages to this person')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only messages queued within this time')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most so many')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;outbox;show' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;outbox;flush' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;outbox;retry' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'All failed messages')
            [CompletionResult]::new('--unknown', '--unknown', [CompletionResultType]::ParameterName, 'All messages that may or may not have been delivered: some people may get theirs twice')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;outbox;cancel' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All queued messages')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;outbox;prune' {
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only messages of which nothing happened within this time, such as 30d')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;outbox;status' {
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Exit with status 6 if the oldest queued message is older than this')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;template' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the account''s templates')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a template with its fields')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check values and preview the card; nothing is sent')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a template of WeChat''s library to the account')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a template from the account')
            break
        }
        'wxbox;template;list' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask WeChat even if a list is kept')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;template;show' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;template;check' {
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'A field of the template; repeatable')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'A field of the template; repeatable')
            [CompletionResult]::new('--data-json', '--data-json', [CompletionResultType]::ParameterName, 'Fields of the template from a JSON object; - reads standard input')
            [CompletionResult]::new('--data-color', '--data-color', [CompletionResultType]::ParameterName, 'The colour of a field; repeatable')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Take what WeChat would not show for an error')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;template;add' {
            [CompletionResult]::new('--keyword', '--keyword', [CompletionResultType]::ParameterName, 'A keyword of the template; repeatable, in the order in which the card shows them')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;template;remove' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;follower' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List everybody who follows the account, with who is bound to them')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what WeChat tells of a person')
            [CompletionResult]::new('remark', 'remark', [CompletionResultType]::ParameterValue, 'Set what the account calls a person')
            break
        }
        'wxbox;follower;list' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;follower;show' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;follower;remark' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;quota' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show how many calls are left today, by API')
            [CompletionResult]::new('clear', 'clear', [CompletionResultType]::ParameterValue, 'Let all counters begin at 0 again; WeChat allows that ten times a month')
            break
        }
        'wxbox;quota;show' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;quota;clear' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;explain' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;config' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show every value in force, secrets masked')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Print the path of the config file that is read, or where it belongs')
            break
        }
        'wxbox;config;show' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Also say where each value came from')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;config;path' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;token' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Ask WeChat even if a valid token is kept')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;backup' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Replace a file that is there')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a file that is there')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;sandbox' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen; port 0 takes any free one')
            [CompletionResult]::new('--world', '--world', [CompletionResultType]::ParameterName, 'The account, people and templates to start with (TOML)')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;demo' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;completions' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;man' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'wxbox;help' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml, then /etc/wxbox/config.toml]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print results as JSON Lines, and errors as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data that was asked for, and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say on stderr what is done; twice for more [env: WXBOX_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
