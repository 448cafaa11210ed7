### Every text that a person reads, in English. The id says where it is used: room, thing, part.
### Sections stand in alphabetical order of their rooms.

## bind (terminal)

## callback (pages on the phone)

## config
config-alone = { $at }: { $key } needs { $partner }
config-directory = { $path } is a directory, not a config file
config-directory-hint = name the file in it, such as { $path }
config-expected-address = a host and a port, such as "0.0.0.0:80", "[::1]:8080" or ":80" (every interface)
config-expected-api-base = an https address without user, query or fragment, or a list of them (plain http for this machine only, such as http://127.0.0.1:8899)
config-expected-app-id = the account's app id in quotes, such as "wx3d0d44e8d59b5b8c"
config-expected-base = an http or https address without user, query or fragment
config-expected-color = a colour written as "#RRGGBB"
config-expected-concurrency = a whole number from 1 to 1024
config-expected-data = text in quotes, a number, or {"{"} value = "…", color = "#RRGGBB" {"}"}
config-expected-duration = a duration in quotes, such as "30s", "5m" or "24h"
config-expected-link = an http or https address
config-expected-path = a path in quotes
config-expected-proxy = an http or https address, such as "http://proxy.example.com:3128"
config-expected-redirect-uri = an absolute http or https address with a host, without fragment, user or password
config-expected-scope = "snsapi_userinfo" or "snsapi_base"
config-expected-table = a table
config-expected-text = text in quotes, and not empty
config-expected-timeout = a duration in quotes, more than 0, such as "10s", "5m" or "24h"
config-expected-token-endpoint = "stable" or "classic"
config-expected-whole = a whole number, 0 for no limit
config-missing-app-id = no app_id is set
config-missing-app-id-hint = set app_id in { $path }, or the variable WXBOX_APP_ID
config-missing-app-secret = no app_secret is set
config-missing-app-secret-hint = set app_secret or app_secret_file in { $path }, or one of the variables WXBOX_APP_SECRET and WXBOX_APP_SECRET_FILE
config-missing-file-hint = there is no config file yet: `wxbox init` asks for what it needs, or copy config.example.toml to { $path } and fill it in
config-missing-listen-address = where to listen is not set, and redirect_uri does not tell
config-missing-listen-address-hint = use --listen, or set listen.address in { $path }: the address that the server in front passes callbacks on to, such as "127.0.0.1:8080"
config-missing-redirect-uri = no redirect_uri is set
config-missing-redirect-uri-hint = set redirect_uri in { $path }, or the variable WXBOX_REDIRECT_URI: the address that WeChat sends phones back to, such as "http://203.0.113.7/callback/"
config-no-file = the config file { $path } does not exist
config-no-file-hint = it was named by { $origin }
config-no-home = no directory is known to keep the database in: there is no home
config-no-home-hint = name the file with --database or the variable WXBOX_DATABASE
config-not-unicode = the variable { $name } is not valid Unicode
config-not-utf8 = { $path }:{ $line }: not UTF-8
config-not-utf8-hint = save the file as UTF-8
config-origin-default = default
config-readable = everybody on this machine can read { $path }, and it holds a secret
config-readable-hint = chmod 600 '{ $path }'
config-redirect-hint = such as "http://203.0.113.7/callback/"; its domain is the one registered with WeChat under 网页授权域名
config-secret-empty = the secret file { $path } is empty
config-secret-file-hint = it should hold the AppSecret and nothing else
config-secret-not-text = the secret file { $path } does not hold text
config-secret-unreadable = cannot read the secret file { $path }: { $reason }
config-secret-unreadable-hint = the file must exist, and the user that wxbox runs as must be able to read it
config-syntax = { $path }:{ $line }:{ $column }: not TOML: { $message }
config-syntax-hint = text needs quotes: key = "value"
config-table = { $at }: { $key } must be a table, as in [{ $key }]
config-twice = { $at }: { $second } says again what { $first } says
config-twice-hint = keep either { $first } or { $second }
config-unknown-key = { $at }: there is no key { $key }
config-unknown-key-hint = config.example.toml shows every key
config-unknown-key-near = did you mean { $nearest }?
config-unknown-key-top = did you mean { $nearest }? it must stand above the first [table]
config-unreadable = cannot read the config file { $path }: { $reason }
config-unreadable-hint = the user that wxbox runs as must be able to read { $path }
config-value = { $at }: { $key } must be { $expected }
config-writable = others can write to { $path } (mode { $mode }), and so decide what is sent in the account's name
config-writable-hint = chmod go-w '{ $path }'

## delivery

## sandbox (pages and terminal)

## store

## user
user-unknown = no user is named { $user }

## wechat
