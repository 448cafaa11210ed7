### All texts of the program, in English. An ID names the command or module, then the object, then the detail.
### An error is "cannot <verb> <object>: <cause>". A hint is one imperative sentence with the command to type.

## backup
backup-database-file = cannot write to { $file }: the database itself uses this name
backup-dir = { $file } is a directory, not a file
backup-done = copied the database to { $file }
backup-exists = { $file } already exists
backup-exists-hint = run it again with --force to replace the file
backup-itself = { $file } is the database itself
backup-other = cannot replace { $file }: it is not a backup of wxbox
backup-other-hint = use another file name, or remove that file first
backup-special = { $file } is not a regular file
backup-word = { $file } looks like a command, not a file name
backup-word-hint = run `wxbox backup ./{ $file }` to write a file with that name, or `wxbox help recovery` to restore a backup

## batch
batch-file = cannot read { $path }
batch-content = the content is missing: use "text", "template" with "data" and "url", or "message"
batch-field = unknown field "{ $field }"; the fields of a message are { $fields }
batch-field-near = unknown field "{ $field }"; did you mean "{ $near }"?
batch-file-named = a batch does not support @FILE
batch-file-named-hint = run `wxbox media upload FILE`, and use the media_id that it prints
batch-json = invalid JSON: { $cause } at column { $column }
batch-key = the key is empty; set it or remove it
batch-left = { $taken ->
    [0] no line of { $file } was processed; run the command again
   *[other] the lines of { $file } up to { $taken } were processed: run `tail -n +{ $next } { $file } | wxbox send --batch -` for the rest
}
batch-left-stdin = { $taken ->
    [0] no line was processed; pass all lines again
   *[other] the lines up to { $taken } were processed; pass the rest again
}
batch-line = line { $line }: { $error }
batch-long = the line is longer than { $limit } bytes
batch-not-object = "{ $field }" must be an object
batch-not-text = "{ $field }" must be text
batch-object = a message must be a JSON object
batch-read = cannot read the next line
batch-recipient = the recipient is missing or given twice: use "user" or "openid"
batch-utf8 = the line is not UTF-8

## bind (terminal)
bind-all-bound = All users are already bound.
bind-already = { $user } is already bound to { $openid }
bind-already-hint = use --rebind to replace the binding
bind-bound = bound { $user } to { $openid }
bind-bound-elsewhere = another wxbox process has bound { $user }
bind-bound-name = bound { $user } to { $openid } ({ $name })
bind-follow-no-code = cannot get a QR code for following the account: { $cause }
bind-follow-not = { $user } does not follow the account yet and cannot receive messages
bind-follow-pause = Press Enter to continue with { $user }:
bind-follow-phone = The page on the phone also shows the QR code.
bind-follow-scan = Next step: scan this QR code with the WeChat app of { $user } and follow the account. The QR code is valid for a day.
bind-follow-search = Next step: ask { $user } to search for the account in WeChat and follow it.
bind-follow-unknown = cannot determine whether { $user } follows the account: { $cause }
bind-follow-visit = Next step: open that URL in the WeChat app of { $user } and follow the account. The URL is valid for a day.
bind-left = bound { $bound } of { $count }; not bound: { $users }
bind-left-hint = run `wxbox bind --unbound` to bind all unbound users
bind-listen = cannot listen on "{ $address }": it is not an address
bind-listen-hint = use a host and a port, such as 0.0.0.0:80 or :8080
bind-no-nickname = cannot read the nickname: { $cause }
bind-none = bound 0 of { $count } users; not bound: { $users }
bind-open = cannot serve the callback
bind-other-person = If another person scanned it, run `{ $line }`.
bind-opened = a phone opened the short link and was redirected to WeChat
bind-openid-several = --openid supports only one user
bind-openid-several-hint = bind the users one by one, or import their openids with `wxbox user import`
bind-password-first = standard input must contain the password in its first line
bind-password-missing = { $user } has a password, and wxbox cannot ask for it: standard input is not a terminal
bind-password-missing-hint = use --password-stdin, or --as-admin to skip the password
bind-password-prompt = Binding password of { $user } in wxbox
bind-password-several = --password-stdin supports only one user
bind-password-several-hint = use --as-admin to skip the passwords, or bind the users one by one
bind-password-wrong = wrong password for { $user }
bind-password-wrong-hint = use --as-admin to skip the password, or run `wxbox user passwd` to set a new one
bind-paste-address-hint = paste the unchanged address: it begins with { $uri } and contains code=… and state=…
bind-paste-again-hint = scan the QR code again and paste the new address within five minutes
bind-paste-bad-code = the code in this address is not a valid WeChat code
bind-paste-end = standard input ended before an address for { $user } was read
bind-paste-end-hint = pass the whole address that the phone opened, in one line
bind-paste-how = The phone then opens { $uri }…; the page need not load. On the phone, tap ··· and Copy Link, then paste the address here.
bind-paste-incomplete = this address is incomplete: its state is missing or too short or too long
bind-paste-incomplete-hint = copy the whole address, from http to the end of state=…, in one line
bind-paste-no-address = this is not the address of a callback
bind-paste-no-code = this address contains no code
bind-paste-no-code-hint = tap Allow on the phone first, then copy the address of the next page
bind-paste-prompt = Address:
bind-paste-refused = WeChat rejected the code in this address (errcode { $errcode }): it is older than five minutes, or it belongs to another account
bind-paste-snapshot = this address belongs to a snapshot page, which cannot be bound
bind-paste-snapshot-hint = tap “Use full service” on the phone, then scan the QR code again
bind-paste-state = this address belongs to another QR code: its state does not match
bind-paste-state-hint = scan the QR code that is shown now; addresses of earlier QR codes are not valid
bind-paste-unreachable = cannot check the code in this address: { $cause }
bind-paste-unreachable-hint = paste the address again; if WeChat then reports a used code, scan the QR code again
bind-paste-used = the code in this address has already been used
bind-paste-waiting = Reading the address that the phone opened from standard input (one line).
bind-port = cannot listen on { $address }
bind-port-denied-hint = run `sudo setcap cap_net_bind_service=+ep "$(command -v wxbox)"`, or forward the port from a web server and set --listen
bind-port-elsewhere-hint = use an address of this machine; --listen 0.0.0.0:{ $port } listens on all of them
bind-port-hint = stop the program that uses this port, or use --listen with another port to which redirect_uri leads
bind-position = { $place } of { $count }: { $user }
bind-qr-file = cannot save the QR code to { $path }: the file name must end in .png or .svg
bind-qr-file-drawn = Saved the QR code to { $path }.
bind-qr-file-failed = cannot save the QR code to { $path }
bind-qr-file-hint = use a name such as --qr-file code.png or --qr-file code.svg
bind-qr-high = the QR code does not fit: the terminal is { $have }, and the code needs { $need }; enlarge the terminal, or save the code with --qr-file FILE
bind-qr-narrow = cannot draw the QR code: the terminal is { $have }, and the code needs { $need }; enlarge the terminal and run the command again, or save the code with --qr-file FILE
bind-qr-too-long = the URL is too long for a QR code
bind-rebind-ask = { $user } is bound already. Replace the binding?
bind-rejected-body = the body is too large
bind-rejected-busy = too many concurrent connections
bind-rejected-callback = rejected a callback: { $why }
bind-rejected-certificate = the client does not trust the certificate of listen.tls_cert
bind-rejected-coding = the transfer coding of the body is not supported
bind-rejected-expectation = the Expect header is not 100-continue
bind-rejected-framing = the length of the body is ambiguous
bind-rejected-head = the request header is too large; the domain may set large cookies
bind-rejected-host = the Host header is missing or given twice
bind-rejected-http-to-tls = the client used http, but this listener serves https
bind-rejected-lines = the request has too many header lines
bind-rejected-not-http = the request is not HTTP/1
bind-rejected-request = rejected a request: { $why }
bind-rejected-requests = { $count ->
    [one] rejected 1 request: { $reasons }
   *[other] rejected { $count } requests: { $reasons }
}
bind-rejected-requests-each = { $count } × { $why }
bind-rejected-slow = the request was not complete in time
bind-rejected-status = { $why } (HTTP { $status })
bind-rejected-tls = the TLS handshake failed
bind-rejected-tls-to-http = the client used https, but this listener serves http
bind-scan = Scan the QR code with the WeChat app of { $user }, or open the URL in it.
bind-scan-code = Ask { $user } to scan the QR code with WeChat.
bind-scan-no-listener = cannot listen for the scan event: { $cause }; if another server receives WeChat's events, let it pass them to `wxbox event`
bind-scan-unauthorized-hint = parametric codes are for verified (已认证) service accounts and test accounts; run the command without --scan
bind-serve-failed = `wxbox serve` could not bind { $user }
bind-serve-failed-hint = check the log of `wxbox serve`
bind-shared = { $user } has the same openid as { $others }; if the wrong person scanned the code, run `wxbox bind --user { $name } --rebind`, with --scan if you used it
bind-shared-openid = { $user } has the same openid as { $others }; check the openid
bind-shared-unknown = bound { $user }, but cannot determine whether other users have this openid: { $cause }
bind-short-link = Short link: { $link }
bind-short-needed = The terminal is too small for the full QR code. This one contains a short link to this machine: { $link }
bind-so-far = { $bound ->
    [0] 0 of { $count } users are bound.
   *[other] { $bound } of { $count } users are bound.
}
bind-timeout = { $user } was not bound within { $time }
bind-timeout-hint = run the command again, with a longer --timeout if needed; if the phone showed an error, check that redirect_uri is under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) and reaches this machine (on a cloud server, open the port in its security group)
bind-timeout-scan-hint = run the command again, with a longer --timeout if needed; if the code was scanned, check that the push URL in WeChat's console (消息推送) reaches `wxbox serve` or this command
bind-timeout-rejected-hint = run the command again with -v to see why each request was rejected; use --timeout to wait longer
bind-unreachable = cannot check the code of a callback: { $cause }; the phone shows a page that asks the person to try again
bind-visit = Open the URL in the WeChat app of { $user }.
bind-waiting = waiting for the phone
bind-wrong-path = rejected the callback: its state is correct, but its path is not that of redirect_uri; configure the web server or tunnel so that it does not change the path

## callback (pages on the phone)
callback-account-title = Binding failed
callback-account-why = WeChat rejected the settings of this Official Account, so your authorization could not be checked.
callback-again-todo = Scan the QR code or open the link again in WeChat, then tap Allow.
callback-bad-code-title = Invalid authorization
callback-bad-code-why = WeChat did not issue this authorization.
callback-bound-nickname = WeChat name
callback-bound-title = Binding complete
callback-bound-todo = You can close this page.
callback-bound-user = User
callback-bound-why = This WeChat account will receive the messages sent to:
callback-follow-picture = QR code of the account
callback-follow-search-todo = Search for the account in WeChat and follow it.
callback-follow-title = One step left: follow the account
callback-follow-todo = Press and hold the QR code, choose “Extract QR Code”, then follow the account.
callback-follow-unknown-todo = Follow the account now, unless you already do. You cannot receive messages without following it.
callback-follow-why = You are bound, but you can only receive messages after you follow the account.
callback-link-used-title = Link already used
callback-link-used-why = This link has already been used, and it works only once.
callback-log-bad-code = the code is not a valid WeChat code
callback-log-late-code = another code arrived after the binding was complete
callback-log-method = the method is not GET
callback-log-no-code = the state is correct, but the code is missing; this may be a link checker
callback-log-path = the path differs from the path of redirect_uri
callback-log-refused = WeChat rejected the code (errcode { $errcode })
callback-log-repeated = the state or the code is given twice
callback-log-snapshot = it comes from the virtual user of a snapshot page
callback-log-state = the state is wrong or missing
callback-log-used = WeChat reports that the code has already been used
callback-log-wrong-path = the state is correct, but the path differs from the path of redirect_uri
callback-method-title = Not available this way
callback-method-why = This address only accepts the redirect from WeChat.
callback-new-link-todo = Ask your administrator for a new QR code and scan it with WeChat.
callback-no-code-title = Not authorized yet
callback-no-code-why = This page was opened without an authorization from WeChat.
callback-no-code-todo = Scan the QR code or open the link in WeChat, then tap Allow.
callback-no-randomness = cannot get random numbers from the operating system
callback-not-saved-title = Binding not saved
callback-not-saved-why = WeChat confirmed your identity, but the server could not save the binding.
callback-operator-todo = Tell your administrator about this error. Then scan a new QR code.
callback-path-title = Page not found
callback-path-why = There is no page at this address.
callback-refused-title = Authorization expired
callback-refused-why = WeChat rejected this authorization. It has probably expired.
callback-repeated-title = Invalid request
callback-repeated-why = A part of the address is given twice.
callback-scan-todo = Scan the QR code with WeChat, or open the link in WeChat.
callback-snapshot-title = Full service needed
callback-snapshot-why = You opened a snapshot page. WeChat uses a temporary identity for it, which cannot receive messages.
callback-snapshot-todo = Tap “Use full service” at the bottom right of the page, then scan the QR code again.
callback-state-title = Link not valid
callback-state-why = This link has expired, or it belongs to another binding.
callback-stopping-title = Not bound yet
callback-stopping-why = The server is stopping and could not complete the binding.
callback-stopping-todo = In a minute, scan the QR code or open the link again in WeChat, then tap Allow.
callback-unreachable-title = Cannot reach WeChat
callback-unreachable-why = The server could not reach WeChat, so you are not bound yet.
callback-unreachable-todo = Reload this page in a moment.
callback-used-title = This code was already used
callback-used-why = Each authorization works only once, and this one has already been used.

## cli
cli-argument-twice = { $arg } can be given only once
cli-conflict = { $arg } cannot be used with { $other }
cli-conflict-several = { $arg } cannot be used with: { $others }
cli-expected-color = use # and six hex digits, such as #173177
cli-expected-concurrency = use a number from 1 to 1024
cli-expected-field = use KEY=VALUE
cli-expected-key = the key is empty; check whether a variable is unset
cli-expected-keyword = use a name without line breaks
cli-expected-mini-program = use APPID:PATH
cli-expected-name = the name before -- is missing; check whether a variable is unset
cli-expected-positive = use a duration greater than 0
cli-expected-shorter = use at most 100 years
cli-expected-span = use a number with a unit, such as 90s, 5m, 24h or 30d
cli-expected-template-number = use a number such as 43216, or letters and digits
cli-expected-time = use an age (1d), a time (22:00), a date (2026-11-28), both ("2026-11-28 22:00"), today or yesterday
cli-expected-whole = use a whole number
cli-help-hint = run `{ $command } -h` to see how to use it
cli-invalid = the command line is not valid
cli-missing = { $arg } is missing
cli-missing-bind-user = the user is missing: use --user NAME, or --unbound for all unbound users
cli-missing-content = the message is missing: use a text, - for standard input, --template T or --image FILE
cli-missing-one-of = one of these is required: { $args }
cli-missing-recipient = the recipient is missing: use --user NAME, --tag TAG or --all
cli-missing-report-recipient = the recipient is missing: use --user NAME or --tag TAG
cli-missing-template = the template is missing: use --template T or --subscribe T
cli-no-command = the command is missing
cli-no-command-hint = run `{ $command } --help` to see the commands
cli-not-unicode = an argument is not valid UTF-8
cli-send-hint = run `wxbox send --user NAME TEXT`, or `wxbox send -h` for more
cli-unknown-argument = unexpected argument "{ $arg }"
cli-unknown-command = unknown command "{ $name }"
cli-unknown-option = unknown option { $arg }
cli-usage = usage: { $usage }
cli-user-option-hint = run `{ $line }`
cli-value-invalid = invalid value "{ $value }" for { $arg }
cli-value-missing = { $arg } requires a value
cli-value-possible = { $what }; possible values: { $values }
cli-value-refused = invalid value "{ $value }" for { $arg }: { $cause }
cli-value-surplus = { $arg } does not accept another value: "{ $value }"

## completion (descriptions of candidates)
completion-command = COMMAND follows
completion-message = { $state }; { $kind } to { $user }, { $ago }
completion-message-openid = { $state }; { $kind }, { $ago }
completion-state-errcode = { $state } ({ $code })
completion-unbound = not bound


## config
config-alone = { $at }: { $key } requires { $partner }
config-changed-by-other = another program has changed { $path }; nothing was written
config-directory = { $path } is a directory, not a config file
config-directory-hint = use the path of a file in it, such as { $path }
config-expected-address = a host and a port, such as "0.0.0.0:80", "[::1]:8080" or ":80" (every interface)
config-expected-aes-key = an EncodingAESKey: 43 letters (A-Z, a-z), digits, + and /
config-expected-api-base = an https address without user, query or fragment, or a list of them (plain http for this machine only, such as http://127.0.0.1:8899)
config-expected-app-id = the AppID of the account in quotes, such as "wx3d0d44e8d59b5b8c"
config-expected-base = an http or https address without user, query or fragment
config-expected-color = a color such as "#173177"
config-expected-concurrency = a whole number from 1 to 1024
config-expected-data = text in quotes, a number, or {"{"} value = "…", color = "#RRGGBB" {"}"}
config-expected-duration = a duration in quotes, such as "30s", "5m" or "24h"
config-expected-forward = an https address, or an http address of this machine such as "http://127.0.0.1:9000/wx", without fragment
config-expected-language = "zh" or "en"
config-expected-link = an http or https address
config-expected-path = a path in quotes
config-expected-proxy = an http or https address, such as "http://proxy.example.com:3128"
config-expected-push-path = a path such as "/push": it begins with /, is not /, /healthz or /metrics, and has no spaces, ? and #
config-expected-push-token = a Token: 3 to 32 letters (A-Z, a-z) and digits
config-expected-recipients = a recipient such as "luffy", "tag:ops", "openid:ID" or "all", or a list of them
config-expected-redirect-uri = an absolute http or https address with a host, without fragment, user or password
config-expected-scope = "snsapi_userinfo" or "snsapi_base"
config-expected-table = a table
config-expected-text = text in quotes, and not empty
config-expected-time-zone = the name of a time zone in quotes, such as "Asia/Shanghai"
config-expected-timeout = a duration in quotes, greater than 0, such as "10s", "5m" or "24h"
config-expected-token-endpoint = "stable" or "classic"
config-expected-whole = a whole number, 0 for no limit
config-missing-app-id = app_id is not set
config-missing-app-id-hint = set app_id in { $path }, or set WXBOX_APP_ID
config-missing-app-secret = app_secret is not set
config-missing-app-secret-hint = set app_secret or app_secret_file in { $path }, or set WXBOX_APP_SECRET or WXBOX_APP_SECRET_FILE
config-missing-file = there is no config file
config-missing-file-hint = run `wxbox init` to create { $path }
config-missing-listen-address = cannot determine where to listen: listen.address is not set, and redirect_uri is https
config-missing-listen-address-hint = use --listen, or set listen.address in { $path } to the address to which the proxy forwards callbacks, such as "127.0.0.1:8080"
config-missing-push-token = push.token is not set
config-missing-push-token-hint = set token and aes_key under [push] in { $path }, or set WXBOX_PUSH_TOKEN and WXBOX_PUSH_AES_KEY, to the Token and the EncodingAESKey of 消息推送 (微信开发者平台 → 我的业务 → 服务号 → 消息推送); a test account has no aes_key
config-missing-redirect-uri = redirect_uri is not set
config-missing-redirect-uri-hint = set redirect_uri in { $path }, or set WXBOX_REDIRECT_URI, such as "http://203.0.113.7/callback/"
config-no-file = cannot read the config file { $path }: it does not exist
config-no-file-hint = check { $origin }, which names the file
config-no-home = cannot determine a directory for the database: HOME is not set
config-no-home-hint = use --database, or set WXBOX_DATABASE
config-not-a-path = the value of { $from } is not a path: it has line breaks or control characters
config-not-a-path-hint = use the path of the file, not its content
config-not-own = { $path } belongs to another user (uid { $owner }), who can change it
config-not-own-hint = run `sudo chown "$(id -un)" '{ $path }'`: the file must belong to root or to the user of wxbox
config-not-unicode = the variable { $name } is not valid UTF-8
config-not-utf8 = { $path }:{ $line }: not UTF-8
config-not-utf8-hint = save the file as UTF-8
config-origin-default = default
config-path-absent = { $path } does not exist yet
config-push-path-hint = set push.path to another path than that of redirect_uri
config-readable = every user of this machine can read { $path }, which contains a secret
config-readable-hint = run `chmod 600 '{ $path }'`
config-redirect-hint = use an address such as "http://203.0.113.7/callback/"; its domain must be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)
config-secret-empty = the secret file { $path } is empty
config-secret-file-hint = write the { $secret }, and nothing else, to that file
config-secret-no-file = cannot read the { $secret }: the file in { $from } does not exist
config-secret-no-file-hint = use the path of a file that contains the { $secret }; the { $secret } itself belongs in { $key } or { $variable }
config-secret-no-file-no-variable = use the path of a file that contains the { $secret }; the { $secret } itself belongs in { $key }
config-secret-not-text = the secret file { $path } is not a text file
config-secret-several = the value of { $from } is not an AppSecret: it has line breaks or control characters
config-secret-unreadable = cannot read the secret file { $path }: { $reason }
config-secret-unreadable-hint = check that the file exists and that the user of wxbox can read it
config-syntax = { $path }:{ $line }:{ $column }: invalid TOML
config-syntax-hint = write text in quotes: key = "value"
config-syntax-twice = { $path }:{ $line }:{ $column }: invalid TOML: this key is set twice
config-table = { $at }: { $key } must be a table, as in [{ $key }]
config-unexpanded = the path in { $from } contains $ or ~, which wxbox does not expand there
config-unexpanded-hint = write the full path; only ~/ at the beginning is supported
config-twice = { $at }: { $second } conflicts with { $first }
config-twice-hint = remove either { $first } or { $second }
config-unknown-key = { $at }: unknown key { $key }
config-unknown-key-hint = see config.example.toml for all keys
config-unknown-key-near = did you mean { $nearest }?
config-unknown-key-top = did you mean { $nearest }? Move it above the first [table]
config-unknown-zone = { $at }: unknown time zone in time_zone
config-unknown-zone-hint = use a name such as "Asia/Shanghai" or "Europe/Berlin"; /usr/share/zoneinfo contains all names
config-unreadable = cannot read the config file { $path }: { $reason }
config-unreadable-hint = check that the user of wxbox can read { $path }
config-unset = (not set)
config-value = { $at }: { $key } must be { $expected }
config-writable = other users can change { $path } (mode { $mode })
config-writable-hint = run `chmod go-w '{ $path }'`
config-argument-duration = a duration such as 30s, 5m or 24h
config-argument-language = zh or en
config-argument-path = a path
config-argument-scope = snsapi_userinfo or snsapi_base
config-argument-text = text that is not empty
config-argument-time-zone = the name of a time zone, such as Asia/Shanghai
config-argument-timeout = a duration greater than 0, such as 10s, 5m or 24h
config-argument-token-endpoint = stable or classic
config-edit-again = Edit it again? (If you answer no, your changes are discarded.)
config-edit-overwrite = Overwrite it with your text?
config-edit-script-hint = run `wxbox config set KEY VALUE` in a script
config-get-secret = { $key } is a secret, which wxbox does not print
config-is-table = { $key } is a table, not a value
config-is-table-hint = use one of its keys: { $keys }
config-no-key = unknown key { $key }
config-no-key-hint = run `wxbox config show` to see all keys
config-not-in-file = { $key } is not set in { $path }
config-not-set = { $key } is not set
config-overridden = the variable { $variable } is set and overrides { $key } in the config file
config-set-alone = { $key } requires { $partner }
config-set-alone-hint = set both at once: `wxbox config set{ $line }`
config-set-conflict = { $second } conflicts with { $first }
config-set-conflict-hint = run `wxbox config unset { $key }` first
config-set-done = set { $key } = { $value } in { $path }
config-set-invalid = { $key } must be { $expected }
config-set-no-secret-hint = run `wxbox config set { $key }` on a terminal, or `wxbox config set { $key } -` with the value on standard input
config-set-no-value = the value of { $key } is missing
config-set-no-value-hint = run `wxbox config set { $key } VALUE`; a VALUE of - reads standard input
config-set-odd-secret = the value of { $key } does not look like an AppSecret, which has 32 digits 0-9 and a-f; run `wxbox doctor` to check it
config-set-prompt = { $key } (not shown)
config-set-secret = the value of { $key } is a secret, and other users of this machine can see arguments
config-set-secret-done = stored the AppSecret in { $path }; run `wxbox doctor` to check it
config-set-secret-hint = run `wxbox config set { $key } -` with the value on standard input; delete the value that you typed from the history of your shell, and replace the secret if others may have seen it
config-set-stdin-twice = --stdin already reads the value; remove VALUE
config-set-stdin-unusable = standard input must contain the value in one line
config-set-unknown-zone = unknown time zone
config-unset-alone-hint = remove both at once: `wxbox config unset { $key } { $partner }`
config-unset-done = removed { $key } from { $path }

## demo
demo-config = The config file ({ $path }):
demo-console = The sandbox acts as WeChat's console: it gets { $url }, the Token and the key, and checks the URL.
demo-directory = cannot create a directory for the demo in { $path }: { $cause }
demo-directory-hint = set TMPDIR to another directory
demo-done = The demo is complete: a user, a binding by one scan, two messages and a receipt. Its files were in { $dir }, which is now removed.
demo-events = The output of `wxbox serve`:
demo-failed = the demo stopped at `{ $command }` (exit status { $status })
demo-inbox = The inbox of { $person } (`wxbox sandbox` shows one in a browser):
demo-intro = The demo uses a local simulator of WeChat, an empty home directory and this wxbox.
demo-no-person = no user was bound
demo-no-receipt = no receipt arrived
demo-phone = { $person } scans the QR code…
demo-phone-failed = the sandbox rejected a request of the demo (HTTP { $status })
demo-send-text = Hello from wxbox 你好 👋
demo-start = cannot start wxbox

## delivery
delivery-attempt = message { $id }: { $state }
delivery-attempts = stopped after { $attempts } attempts: { $error }
delivery-broken-hint = do not send the messages again: { $sent } were sent, { $queued } remain queued for `wxbox outbox flush`, { $unknown } may have arrived. { $hint }
delivery-clock = by the clock of this machine, the message has expired, but no other clock confirms it yet; wxbox checks again in a minute
delivery-expired = the message was not delivered before it expired
delivery-expired-after = the message was not delivered before it expired; the last error: { $error }
delivery-file-gone = cannot upload { $file }: the outbox no longer has a copy of it
delivery-locked = the database { $path } is locked by another process; { $count ->
    [one] 1 message is in flight, and its result is
   *[other] { $count } messages are in flight, and their results are
} saved when that process has ended
delivery-no-answer-yet = interrupted before WeChat responded
delivery-no-thread = cannot start more threads: { $cause }; continuing with { $count } concurrent requests
delivery-part-cut = the previous part, message { $id }, was not delivered
delivery-part-waits = waiting for the previous part, message { $id }
delivery-process-gone = the process that sent the message ended before WeChat responded
delivery-rebound = the message may have arrived at the previous WeChat account of { $user }, so wxbox does not retry it
delivery-refused-brief = { $code }: { $meaning }
delivery-thread = cannot start a thread
delivery-unbound = { $user } is no longer bound
delivery-unrecorded = cannot save the result of message { $id } (now { $state }): { $cause }
delivery-upload = cannot upload { $file }: { $error }

## doctor, init (with the rules for redirect_uri)
doctor-api-followers = the list of followers
doctor-api-people = data of single followers
doctor-api-templates = template messages
doctor-api-texts = customer-service messages
doctor-apis-denied = the account cannot use: { $apis }
doctor-apis-fix = WeChat permits these APIs for verified accounts (已认证) and test accounts; see 微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度
doctor-apis-none = the account can send neither template messages nor customer-service messages
doctor-apis-unknown = cannot determine which APIs the account can use
doctor-apis-used-up = the quota of today is used up: { $apis }
doctor-apis-used-up-fix = wait until midnight in China (UTC+8), or run `wxbox quota clear` (allowed ten times a month)
doctor-app-id-fix = compare app_id with the page of the account: an AppID is wx and 16 digits 0-9 and a-f
doctor-app-id-odd = { $app_id } does not look like an AppID
doctor-blind = all other checks were skipped, because they require a readable config
doctor-callback = { $uri } reaches this machine
doctor-callback-broken = the connection was closed
doctor-callback-failed = cannot open { $uri }: { $cause }
doctor-callback-far = cannot open { $uri }, whose address does not belong to this machine: { $cause }
doctor-callback-far-fix = on a cloud server, open TCP port { $port } in its security group and in the firewall of the system; behind a router that forwards the port, the router may lack NAT loopback: run `wxbox bind` and open the address with a phone on mobile data
doctor-callback-name-fix = point the DNS name in redirect_uri at this machine, or at the server that forwards callbacks to it
doctor-callback-other = another program answers at { $uri } (HTTP { $status })
doctor-callback-other-fix = configure the server or tunnel at that address to forward the path and its query to { $address }
doctor-callback-own-fix = compare the port of redirect_uri with the address on which bind listens ({ $address }); check the firewall of the system (firewalld, ufw) and, on a cloud server, its security group
doctor-callback-router-fix = another program answers at that address: let it forward the path to { $address }; if it is your router (no NAT loopback), run `wxbox bind` and open the URL on a phone with mobile data instead
doctor-callback-tls-fix = use a certificate that phones trust, for the name in redirect_uri, with its whole chain
doctor-checks-passed = { $count ->
    [one] 1 check passed
   *[other] all { $count } checks passed
}
doctor-checks-passed-unlisted = { $count ->
    [one] 1 check passed (`wxbox -v doctor` lists it)
   *[other] all { $count } checks passed (`wxbox -v doctor` lists them)
}
doctor-clock = the clock agrees with { $host }
doctor-clock-ahead = the clock is { $time } ahead of { $host }
doctor-clock-behind = the clock is { $time } behind { $host }
doctor-clock-fix = run `timedatectl set-ntp true` to set the clock
doctor-config-none = there is no config file ({ $path })
doctor-config-none-fix = run `wxbox init` to create it
doctor-credentials = { $app_id }; the AppSecret comes from { $from }
doctor-damaged = the database { $path } is damaged: { $cause }
doctor-database = { $path } is intact (schema { $schema })
doctor-database-cannot = cannot create { $path }: { $dir }: { $cause }
doctor-database-cannot-fix = use --database, WXBOX_DATABASE or the key database with a file in a directory to which wxbox can write
doctor-database-large = the check of { $path } was stopped after { $seconds } seconds; it found no damage
doctor-database-large-fix = run `wxbox outbox prune --older-than 30d` to make the file smaller; if it is small, the disk is very slow
doctor-database-none = { $path } does not exist yet; the first command that needs it creates it
doctor-database-old = { $path } is intact; the next command migrates its schema from { $found } to { $known } and keeps a copy of the old file
doctor-database-open = other users can read or change { $path }, which contains tokens and openids
doctor-database-open-fix = run `chmod o-rwx '{ $path }'`
doctor-dir-writable = other users can change { $dir }, and can therefore replace { $file }
doctor-failures = { $failures ->
    [one] 1 failure
   *[other] { $failures } failures
}, { $warnings ->
    [one] 1 warning
   *[other] { $warnings } warnings
}
doctor-ip-list = WeChat accepts requests from this machine
doctor-fixed-mode = changed the mode of { $path } from { $old } to { $new }
doctor-fixed-owner = changed the owner of { $path } to root
doctor-late = no response within { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
doctor-late-fix = check the network, the disk and the database: one of them does not respond, or another process holds a lock
doctor-looking = checking
doctor-name-apis = APIs
doctor-name-callback = callback
doctor-name-clock = clock
doctor-name-config = config
doctor-name-credentials = credentials
doctor-name-database = database
doctor-name-ip-list = IP allow-list
doctor-name-names = names
doctor-name-outbox = outbox
doctor-name-permissions = permissions
doctor-name-port = port
doctor-name-proxy = proxy
doctor-name-push = events
doctor-name-push-url = push URL
doctor-name-push-url-outside = push URL from outside
doctor-name-receipts = receipts
doctor-name-recipients = default recipients
doctor-name-redirect-uri = redirect_uri
doctor-name-rejected-pushes = rejected pushes
doctor-name-serve = serve
doctor-name-served-config = config of serve
doctor-name-space = disk space
doctor-name-templates = templates
doctor-name-tls = TLS
doctor-name-token = token
doctor-name-unknown = the name does not exist
doctor-names = resolved { $names }
doctor-names-failed = cannot resolve { $name }: { $cause }
doctor-names-fix = check the network and /etc/resolv.conf; behind a proxy, set network.proxy
doctor-names-none = there are no names to resolve
doctor-names-proxy = the proxy resolves the names
doctor-not-fixed = cannot change the permissions of { $path }: { $cause }
doctor-outbox-empty = no messages are queued
doctor-outbox-overdue = { $count ->
    [one] 1 message has been due for { $age }
   *[other] { $count } messages are due, the first for { $age }
}, and no process is sending them
doctor-outbox-overdue-fix = keep `wxbox serve` running, or run `wxbox outbox flush` every few minutes with cron or a systemd timer
doctor-outbox-queued = { $count ->
    [one] 1 message is queued
   *[other] { $count } messages are queued
}, the oldest for { $age }
doctor-outbox-unknown = { $count ->
    [one] 1 message of the last day may or may not have arrived
   *[other] { $count } messages of the last day may or may not have arrived
}
doctor-outbox-unknown-fix = run `wxbox outbox list --state unknown` to see them, and `wxbox outbox retry --unknown` to send them again; recipients may get them twice
doctor-passed = { $count ->
    [one] 1 check passed
   *[other] { $count } checks passed
}
doctor-passed-unlisted = { $count ->
    [one] 1 check passed (`wxbox -v doctor` lists it)
   *[other] { $count } checks passed (`wxbox -v doctor` lists them)
}
doctor-permissions = other users can neither read nor replace the secret files
doctor-permissions-none = { $path } is on a file system without permissions: every user with access to the mount can read it
doctor-port = { $address } is free
doctor-port-fix = stop the program that uses the port, which may be another `wxbox bind`, or set listen.address to another port to which redirect_uri leads
doctor-port-serve = `wxbox serve` listens on { $address }
doctor-proxy-failed = cannot connect to { $proxy }: { $cause }
doctor-proxy-none = no proxy is set
doctor-push-outside = WeChat's servers resolve it to { $addresses }; { $count ->
    [one] a ping from 1 server arrives
   *[other] pings from { $reached } of { $count } servers arrive
}
doctor-push-outside-lost = pings of WeChat's servers do not reach { $addresses }
doctor-push-outside-lost-fix = open the port of the push URL in the security group and the firewall; if they only block pings, ignore this
doctor-push-outside-name = WeChat's servers cannot resolve the host of the push URL in WeChat's console
doctor-push-outside-name-fix = compare the URL in WeChat's console with serve.public_url, and check the DNS records of its name
doctor-push-outside-none = WeChat's console has no push URL, or pushes are switched off there
doctor-push-outside-none-fix = start `wxbox serve`, then enter { $url } { $place }
doctor-push-outside-resolved = WeChat's servers resolve it to { $addresses }
doctor-push-plain = only unencrypted events are accepted, because push.aes_key is not set; the Token comes from { $from }
doctor-push-plain-real = events are not encrypted, although the quota is that of a real account
doctor-push-plain-real-fix = choose 安全模式 at 微信开发者平台 → 我的业务 → 服务号 → 消息推送, and set push.aes_key to the EncodingAESKey
doctor-push-safe = only encrypted events are accepted (安全模式); the Token comes from { $from }
doctor-push-url = { $url } passes WeChat's check of the URL
doctor-push-url-changed = { $url } returns other characters around the echostr to WeChat's check of the URL
doctor-push-url-changed-fix = configure the server that answers there so that it forwards push.path to `wxbox serve` and does not change the response
doctor-push-url-far-fix = open TCP port { $port } in the security group and in the firewall of the system; a router without NAT loopback may be the reason, then WeChat may still reach it
doctor-push-url-fix = set serve.public_url to an address on port 80 or 443 that leads to `wxbox serve`
doctor-push-url-name-fix = point the DNS name in serve.public_url at this machine, or at the server that forwards events to it
doctor-push-url-none = the address at which WeChat sends events is unknown
doctor-push-url-none-fix = set serve.public_url in the config
doctor-push-url-own-fix = compare the port of serve.public_url with the address on which serve listens ({ $address }), and check the firewall of the system
doctor-push-url-path = { $url } does not exist (HTTP 404): the path does not lead to `wxbox serve`
doctor-push-url-path-fix = configure the server or tunnel at that address to forward push.path and its query to { $address }
doctor-push-url-proxy = the server at { $url } cannot reach `wxbox serve` (HTTP { $status })
doctor-push-url-proxy-fix = configure it so that it forwards push.path to { $address }, where `wxbox serve` listens
doctor-push-url-quoted = { $url } returns the echostr in quotes, which WeChat rejects
doctor-push-url-redirect = { $url } redirects (HTTP { $status }), but WeChat does not follow redirects
doctor-push-url-redirect-fix = set serve.public_url to the address to which it redirects, and enter that in WeChat's console
doctor-push-url-serve-token-fix = if push.token was changed, run `systemctl reload wxbox-serve` or restart `wxbox serve`; otherwise configure the web server so that the push path leads to it
doctor-push-url-tls-fix = use a certificate of a known authority for the name in serve.public_url, with its whole chain
doctor-push-url-token = { $url } rejects the signature (HTTP 403): the program there has another Token
doctor-push-url-token-fix = configure the web server so that the push path leads to `wxbox serve` at { $address }, or set push.token to the Token of the program there
doctor-receipts-failed = { $count ->
    [one] WeChat could not deliver 1 message of the last day
   *[other] WeChat could not deliver { $count } messages of the last day
}
doctor-receipts-failed-fix = run `wxbox outbox list --receipt failed --since 1d` to see them
doctor-redirect = { $uri }; enter { $enter } under 网页授权域名 in the WeChat console
doctor-recipients = { $names } ({ $at })
doctor-recipients-fix = correct send.to ({ $at }), or run `wxbox user list` to see the users and their tags
doctor-redirect-fix = run `wxbox config set redirect_uri URL` with an address that phones can reach
doctor-redirect-near = { $uri }: only phones in the same network can reach it; enter { $enter } under 网页授权获取用户基本信息 on the page of the test account
doctor-redirect-real = { $uri }: the quota is that of a real account, and phones get error 10003: { $why }
doctor-redirect-real-fix = use a redirect_uri without a port, on a domain with ICP filing that is under 网页授权域名 (设置与开发 → 账号设置 → 功能设置)
doctor-redirect-sandbox = { $uri }; the sandbox accepts every address
doctor-redirect-test = { $uri }; enter { $enter } under 网页授权获取用户基本信息 on the page of the test account
doctor-redirect-test-only = { $uri } works with a test account only: { $why }
doctor-redirect-test-only-fix = for a test account, enter { $enter } under 网页授权获取用户基本信息; for a real account, use a domain with ICP filing
doctor-secret-fix = copy the whole AppSecret again: it has 32 digits 0-9 and a-f; do not reset it, because every program that uses the old one stops working
doctor-secret-odd = the value of { $from } does not look like an AppSecret
doctor-serve = running; { $last }
doctor-serve-event = the last event arrived { $age } ago
doctor-serve-fix = run `wxbox serve`, or `systemctl enable --now wxbox-serve`; you do not need it if another server passes the events to `wxbox event`
doctor-serve-no-event = no event arrived in the last day
doctor-serve-stopped = `wxbox serve` is not running with this database; { $last }
doctor-served-differs = the running `wxbox serve` has different values for { $keys }
doctor-served-old = `wxbox serve` has not read { $path } since it changed: { $keys }
doctor-served-other = `wxbox serve` has read { $path }, which has different values for { $keys }
doctor-served-other-fix = use -c with that file, or restart `wxbox serve` with this config
doctor-served-reload-fix = run `systemctl reload wxbox-serve`, or restart `wxbox serve`
doctor-served-restart-fix = run `systemctl restart wxbox-serve`, or restart `wxbox serve`: a reload does not change the address
doctor-served-unknown-url = cannot open { $url }: `wxbox serve` runs with an old config
doctor-skipped = skipped because an earlier check failed: { $names }
doctor-space = { $free } free in { $dir }
doctor-space-fix = free disk space: if the disk is full, no message can be queued
doctor-templates = { $count ->
    [one] 1 alias, and it has a template
   *[other] { $count } aliases, and each has a template
}
doctor-templates-fields = the template of { $name } has no { $fields }, which the alias sets
doctor-templates-fields-fix = change [templates.{ $name }.data]: the fields are { $fields }
doctor-templates-none = there are no aliases
doctor-templates-own-key-fix = move { $keys } to the top of the config, above the first line in brackets: below it, { $keys } belongs to the template
doctor-templates-values = { $name }: { $findings }
doctor-templates-values-fix = change [templates.{ $name }.data]; run `wxbox template check { $name }` to see a preview
doctor-tls = { $hosts } can be reached, and the certificate is valid
doctor-tls-none = { $hosts } can be reached without TLS
doctor-token = WeChat accepts the AppID and the AppSecret
doctor-token-kept = the cached token is valid until { $time }; the AppSecret was not checked, because a new token would invalidate the one that other programs use (token_endpoint = "classic")
doctor-warnings = 0 failures, { $warnings ->
    [one] 1 warning
   *[other] { $warnings } warnings
}
init-again = Try again?
init-alias = added the alias { $alias } for the template { $title }
init-all-the-same = Write the config anyway?
init-app-id = AppID
init-begin = wxbox will create { $path }. Type < to return to the previous question; press Ctrl-C to stop without changes.
init-begin-existing = wxbox will change { $path }. Press Enter to keep an answer; everything else in the file stays. Type < to return to the previous question; press Ctrl-C to stop without changes. To start with a new file instead, use --force.
init-ca-file = CA certificate file (PEM); press Enter if there is none
init-ca-file-hint = if a proxy or firewall inspects TLS, use --ca-file with its CA certificate (PEM)
init-ca-file-not-utf8 = cannot write the path { $path } to the config: it is not UTF-8
init-cannot-write = cannot write { $path }: { $cause }
init-cannot-write-hint = use -c or WXBOX_CONFIG with another path
init-app-id-again = correct it, or press Enter to keep it
init-cancelled = cancelled; nothing was written
init-console = Now enter { $enter } in the WeChat console: for a test account under 网页授权获取用户基本信息, for a real account under 网页授权域名.
init-console-test = Now enter { $enter } in the WeChat console under 网页授权获取用户基本信息. It works with a test account only: { $why }.
init-redirect-scheme = http:// is missing; press Enter to add it
init-expected-app-id = an AppID, such as wx3d0d44e8d59b5b8c
init-events = Receive WeChat's events?
init-events-about = Events (消息推送) report whether a template message arrived and who unfollowed, and let people follow and bind with one scan. Enabling them turns off the automatic replies and the menu that were set up in WeChat's console. An account has one URL for events: if another program needs them too, set push.forward_to in the config.
init-events-checked = WeChat has checked the URL and the Token. Its check does not show the mode and the EncodingAESKey: while `wxbox serve` is running, send a message to the account from a phone, and run `wxbox doctor`.
init-events-enter = Now enter these values at 微信开发者平台 → 我的业务 → 服务号 → 消息推送, and save them:
init-events-enter-sandbox = Now enter these values on the sandbox's page { $url } under "Push settings", and save them:
init-events-enter-test = Now enter these values on the page of the test account under 接口配置信息, and submit them:
init-events-exist = { $path } already has a Token for events
init-events-exist-hint = run `wxbox init` on a terminal to make a new Token and key, or `wxbox config unset push.token push.aes_key` first
init-events-file = The Token and the EncodingAESKey are in { $path } under [push]. Start `wxbox serve`, then enter both with the URL { $url } at 微信开发者平台 → 我的业务 → 服务号 → 消息推送 (安全模式, XML).
init-events-file-plain = The Token is in { $path } under [push]. Start `wxbox serve`, then enter it with the URL { $url } on the page of the test account under 接口配置信息.
init-events-format = 数据格式
init-events-later = The config is complete. Run `wxbox serve`, then save the values in WeChat's console. `wxbox doctor` checks the URL.
init-events-mode = 消息加解密方式
init-events-mode-safe = 安全模式
init-events-mode-sandbox = Mode
init-events-moved = the push URL is now { $url }: enter it in WeChat's console instead of the old one
init-events-no-listener = cannot wait for WeChat's check: { $cause }
init-events-renew = The config already has a Token for events. Make a new Token and a new key? (You must then enter both in WeChat's console.)
init-events-serve-runs = `wxbox serve` is running with the old config. Run `systemctl reload wxbox-serve` or restart it, then save the values in WeChat's console.
init-events-test-account = Is it a test account (测试号)? Its page has no EncodingAESKey, so its events are not encrypted.
init-events-timed-out = WeChat did not check the URL within { $time }
init-events-waiting = waiting for WeChat's check of the URL (press Ctrl-C to stop waiting)
init-events-wrong-path = WeChat checked the path { $path }, but the path of the push URL is { $right }
init-events-wrong-token = WeChat checked the URL with another Token: compare push.token with the Token in WeChat's console
init-expected-listen = a host and a port, such as 127.0.0.1:8080 or :8080
init-expected-public-url = an http or https address without a query, such as https://wx.example.com
init-expected-redirect = an http or https address with a host, such as http://203.0.113.7:8080/callback/
init-expected-sandbox = the address of a sandbox, such as http://127.0.0.1:8899
init-exists-hint = use --force to replace it; wxbox keeps the old file as FILE.bak
init-file-header =
    The config file of wxbox with every key, written by `wxbox init`. It contains the AppSecret: only you
    should be able to read it. `wxbox doctor` checks it.
    A line that is commented out shows an example of a key without a fixed default. Every other line is
    your answer or shows the default; you can delete a line that shows the default.
init-kept = kept the old file as { $path }
init-listen = Listen on
init-listen-missing = redirect_uri is https: in the config, set listen.address to the address to which a web server or tunnel forwards callbacks, or set listen.tls_cert and listen.tls_key to serve HTTPS
init-missing = standard input is not a terminal, so these options are required: { $options }
init-missing-hint = pass them as options, and the AppSecret in WXBOX_APP_SECRET or on standard input; or run `wxbox init` on a terminal
init-missing-secret = --secret-stdin (or the variable WXBOX_APP_SECRET)
init-must-be = use { $expected }
init-near = The address below belongs to the local network: only phones in that network can reach it, which is enough for a test account. On a cloud server, enter its public IP instead, and open the port in its security group. A real account needs a domain with ICP filing, such as https://wx.example.com/callback/.
init-next = Next:
init-nothing = nothing was changed
init-nothing-written = nothing was written: { $cause }
init-others = Other addresses of this machine: { $others }
init-public = This machine has the public address below. It works for a test account; a real account needs a domain with ICP filing, such as https://wx.example.com/callback/.
init-public-url = Public URL of `wxbox serve`
init-redirect = Callback address
init-replace = { $path } already exists. Replace it? (The old file is kept as FILE.bak.)
init-review = Press Enter to continue, or type a number to change that line
init-review-events = Events
init-review-events-kept = yes, with the current Token
init-review-events-plain = yes, not encrypted
init-review-events-safe = yes, encrypted
init-review-number = type a number from 1 to { $count }, or press Enter
init-sandbox-unreachable-hint = start `wxbox sandbox`; if it is not at { $url }, run `wxbox init --sandbox URL`
init-secret = AppSecret (not shown)
init-secret-keep = AppSecret (not shown; press Enter to keep the current one)
init-secret-length = an AppSecret has 32 characters, but this one has { $length }
init-secret-sandbox = AppSecret (not shown; press Enter to use the one of `wxbox sandbox`)
init-secret-unusable = standard input must contain the AppSecret in one line
init-trying = checking with WeChat…
init-trying-sandbox = checking with the sandbox…
init-unchecked = wrote the config without verification; run `wxbox doctor` to check it
init-unreached-hint = check the network and HTTPS_PROXY, or use --no-check to write the config without verification
init-value = { $option } must be { $expected }
init-where-app-id = AppID and AppSecret: a test account (测试号, free for everyone) shows both at https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login; a real account shows them at 微信开发者平台 → 我的业务.
init-where-ca-file = If a proxy or firewall inspects TLS, wxbox must trust its CA certificate. Its administrator has it as a file.
init-where-listen = To which address does the web server or tunnel forward callbacks? (Without one: :443, and set listen.tls_cert and listen.tls_key in the config.)
init-where-public-url = Public URL: WeChat's servers send events to it, so it must be reachable from the internet, on port 80 or 443. A web server or a tunnel may forward it to this machine.
init-where-public-url-sandbox = Public URL: the sandbox sends events to it. It must be an http address of this machine, and may have any port.
init-where-redirect = Callback address: when a user is bound, WeChat redirects the phone to it. The phone must be able to open it.
init-where-sandbox = `wxbox sandbox` printed the AppID and the AppSecret.
init-works = Verified.
init-written = wrote { $path }
redirect-ip = it is an IP address, which a real account does not accept
redirect-local = phones cannot resolve that name: names without a dot, and names in .local, .lan, .internal and .test, are for local networks or for tests
redirect-loopback = it is the address of the phone itself
redirect-parameter = its query contains { $name }, which WeChat adds itself
redirect-port = it has a port ({ $port }), which a real account does not accept
ui-check-fix = fix: { $fix }
ui-check-result = { $name }: { $detail }
ui-level-failure = failure
ui-level-ok = ok
ui-level-warning = warning
ui-uploading = uploading { $file }


## explain
event-form-hint = compare app_id, push.aes_key and the encryption mode with WeChat's console (消息推送)
event-malformed-hint = pass the body of WeChat's request unchanged on standard input; it is an XML document of at most 64 KiB
event-recorded = recorded the event { $name }
event-rejected = the event was not recorded: { $cause }
event-repeat = the event was already recorded
event-signature-hint = pass the query string of WeChat's request unchanged in `--query`, and compare push.token with WeChat's console (消息推送)
explain-answer = Response
explain-body = Body
explain-caller = Caller
explain-code = Code
explain-does-backoff = the message stays queued and is retried with growing pauses
explain-does-decline = the message fails; `--tag` and `--all` skip this person for this template
explain-does-done = nothing; this is not an error
explain-does-duplicate = the message is retried a minute later; if it was a repeat of itself, it is marked as sent
explain-does-fail = the message fails and is not retried
explain-does-fail-class = the message fails, and so do all other messages of the same type or template that are being sent
explain-does-fail-mark = the message fails, and the user is marked as unreachable: `--tag` and `--all` skip unreachable users
explain-does-hold-class = the message stays queued until the quota is reset at midnight in China
explain-does-page = nothing; only the phone shows this error
explain-does-refresh = wxbox gets a new access token and repeats the request
explain-does-slow = the message and other messages to the same user are retried a minute later
explain-does-stop-run = sending stops; the remaining messages stay queued
explain-errmsg = WeChat's message
explain-hint = use an error code such as 40164, or the rid at the end of an errmsg, such as 6aac005a-01bfdbee-79769285
explain-meaning = Meaning
explain-near = { $code } ({ $meaning })
explain-nearest = the nearest codes are { $codes }
explain-neither = "{ $what }" is neither an error code nor a request ID
explain-refused = { $rid }: { $cause }
explain-remedy = What to do
explain-time = Time
explain-unknown = unknown error code { $code }
explain-unknown-hint = see 通用错误码 in the documentation of WeChat
explain-url = Address
explain-wxbox = wxbox

## follower
follower-asking = downloading the followers from WeChat
follower-list-broken = cannot list all followers: { $listed } of { $total } were received
follower-list-openid = OPENID
follower-list-users = USERS
follower-none = the account has no followers
follower-refused = { $openid }: { $cause }
follower-remark-control = the remark contains a control character
follower-remark-long = the remark has { $length } characters; the limit is { $limit }
follower-remarked = set the remark of { $who } to "{ $remark }"
follower-show-follows = Follows
follower-show-language = Language
follower-show-not = no
follower-show-openid = Openid
follower-show-qr = QR scene
follower-show-remark = Remark
follower-show-scene = Source
follower-show-since = since { $time }
follower-show-tags = Tags
follower-show-unionid = Unionid
follower-show-users = Users
follower-show-yes = yes
follower-unremarked = removed the remark of { $who }

## help
help-names = use one of { $names }
help-near = did you mean `wxbox help { $name }`?
help-unknown = unknown command or topic "{ $name }"
help-topics = run `wxbox help` to see the commands; the topics are { $names }
help-whole = run `wxbox help { $name }` for the complete help

## man
man-no-directory = { $path } is not a directory
man-write = cannot write { $path }
man-written = wrote { $count } manual pages to { $path }

## input
input-gbk = { $name } is not UTF-8 and seems to be GBK; invalid bytes are sent as �: convert it with `iconv -f GBK -t UTF-8`
input-json = { $name } is not valid JSON: control characters and unpaired surrogates in it are escaped or sent as �
input-line = the line
input-not-utf8 = { $name } is not UTF-8
input-text = the text
input-utf8 = { $name } is not UTF-8; invalid bytes are sent as �
input-value = the value of { $key }

## kind (the parts of message types)
kind-hint = run `wxbox send --help` to see examples of messages
kind-kinds-hint = the types are { $kinds }
kind-link-hint = use the whole address, such as https://status.example.com
kind-media-hint = run `wxbox media upload FILE` to get a media_id; in a file for --message, "@FILE" uploads a file
kind-missing = a message of the type { $kind } requires { $part }
kind-none = the message has neither msgtype nor template_id
kind-none-hint = set msgtype to text, image, news, …; run `wxbox send --help` to see all types
kind-not-link = { $part } is not an http or https address: { $url }
kind-not-list = { $part } must be a list with at least one entry
kind-not-media-id = { $part } is not a media_id: { $text }
kind-not-object = { $part } must be an object
kind-not-text = { $part } must be text that is not blank
kind-parts-hint = its parts are { $parts }{ $optional ->
    [0] {""}
   *[other] ; parts with ? are optional
}
kind-too-long = { $part } has { $length } characters; WeChat allows at most { $limit }
kind-too-many = { $part } has { $count } entries; WeChat allows at most { $limit }
kind-unknown = unknown message type "{ $kind }"
kind-unknown-part = a message of the type { $kind } has no { $part }

## media
media-directory = { $file } is a directory
media-empty = { $file } is empty
media-file-hint = use an image, audio or video file; `wxbox send` also accepts a media_id
media-format = { $file } is { $found }, which WeChat does not accept
media-format-kind = { $file } is { $found }, which WeChat does not accept as { $kind }
media-format-none = { $file } is not an image, audio or video file
media-formats = { $kind }: { $formats }
media-formats-hint = use one of the formats that WeChat accepts: { $formats }
media-kept = WeChat already has { $file }; it is valid until { $time }
media-large = { $file } has { $size } bytes; WeChat allows at most { $limit } for { $kind }
media-large-hint = use a smaller file
media-no-file = { $file } does not exist and is not standard input
media-unreadable = cannot read { $file }: { $cause }

## quota
pick-all = all { $count } bound users
pick-messages = Messages
pick-no-users = there are no users
pick-no-users-hint = run `wxbox user add NAME` to add a user
pick-not-bound = { $count ->
    [one] 1 user is not bound and not in the list; `wxbox bind --user NAME` binds a user
   *[other] { $count } users are not bound and not in the list; `wxbox bind --user NAME` binds a user
}
pick-recipients = Send to
pick-tag = tag { $tag } ({ $count ->
    [one] 1 user
   *[other] { $count } users
})
pick-unreachable = unreachable
pick-user = User
pick-user-bound = bound
pick-user-to-bind = Users to bind
pick-user-unbound = not bound
pick-with-details = { $name } ({ $details })
push-encrypted = it is encrypted, but push.aes_key is not set
push-encrypted-fix = set push.aes_key to the EncodingAESKey { $place }, or choose { $mode } there
push-key-invalid = push.aes_key is not an EncodingAESKey: it must have 43 characters
push-malformed = it is not an event of WeChat
push-malformed-fix = nothing needs to be done: another program calls the push URL
push-mode-plain = 明文模式
push-mode-safe = 安全模式
push-not-encrypted = it is not encrypted, although push.aes_key is set
push-not-encrypted-fix = choose { $mode } { $place }, or remove push.aes_key from the config
push-other-account = it is for another account
push-other-account-fix = set app_id to the AppID of the account whose push URL this is
push-place-console = at 微信开发者平台 → 我的业务 → 服务号 → 消息推送 (test account: 接口配置信息)
push-place-sandbox = on the sandbox's page under “Push settings”
push-rejected = { $count ->
    [one] 1 push was rejected { $ago }, and none was accepted since: { $cause }
   *[other] { $count } pushes were rejected since { $since } and none was accepted; the last one came { $ago }: { $cause }
}
push-reload-fix = after a change of the config, run `systemctl reload wxbox-serve` or restart `wxbox serve`
push-stale = its timestamp differs from the clock of this machine by more than 10 minutes
push-stale-fix = set the clock of this machine, for example with NTP
push-too-large = it is longer than 64 KiB
push-undecryptable = it cannot be decrypted with push.aes_key
push-undecryptable-fix = set push.aes_key to the EncodingAESKey { $place }
push-url-local = WeChat's servers cannot reach it, because it belongs to this machine or to a local network
push-url-port = WeChat sends events to ports 80 (http) and 443 (https) only
push-wrong-signature = its signature does not match push.token
push-wrong-signature-fix = compare push.token with the Token { $place }; if events still arrive, another program calls the push URL
quota-clear-ask = Reset all API counters of { $app_id }? WeChat allows this ten times a month, including resets in the console.
quota-clear-missing = cannot ask for confirmation: standard input is not a terminal; use --yes (WeChat allows this ten times a month)
quota-cleared = reset all API counters of { $app_id }; WeChat allows this ten times a month
quota-cleared-due = { $count ->
    [one] 1 message waited for midnight and is due now: run `wxbox outbox flush` to send it
   *[other] { $count } messages waited for midnight and are due now: run `wxbox outbox flush` to send them
}
quota-kept = no counter was reset
quota-list-api = API
quota-list-left = LEFT
quota-list-limit = LIMIT
quota-list-note = NOTE
quota-list-rate = RATE
quota-list-used = USED
quota-rate = { $count } per { $seconds } s
quota-unknown = WeChat has no API { $apis }
quota-unknown-hint = use the path of an API, such as /cgi-bin/message/custom/send
quota-unusable = "{ $api }" is not the path of an API

## sandbox (pages and terminal)
sandbox-inbox-footer = Times are in China Standard Time, as on WeChat.
sandbox-inbox-intro = A simulator of the WeChat platform on this machine. Messages of the account arrive on these phones. No data leaves the machine.
sandbox-name-text = The sandbox only accepts requests to localhost or to the address on which it listens, and no requests from other pages.
sandbox-name-title = Wrong host name
sandbox-open = the sandbox listens on { $address }: anyone who can reach that address can use it
sandbox-library = Library, for `template add`
sandbox-people = People
sandbox-person-away = does not follow the account
sandbox-person-silent = follows; has not written, so can receive templates but no texts
sandbox-person-wrote = follows and has just written
sandbox-person-crowd = all follow and have just written
sandbox-port-hint = if it is another sandbox, stop it, or use --listen 127.0.0.1:0 to select a free port; then run `wxbox -c sandbox.toml init --sandbox URL` with the URL that the sandbox prints
sandbox-push-intro = The sandbox sends messages and events of the people to this URL, which must be on this machine. It first checks the URL, as WeChat does. An empty URL stops the pushes.
sandbox-state-not-following = does not follow: WeChat rejects every message
sandbox-stop = Press Ctrl-C to stop. Requests (China time, request, errcode, duration):
sandbox-templates = Templates
sandbox-subscriptions = Subscription templates
sandbox-once = once per consent
sandbox-lasts = until the person withdraws the consent
sandbox-named = Objects for customer-service messages
sandbox-world = cannot use the scenario { $path }: { $cause }
sandbox-world-toml = line { $line }: { $message }
sandbox-world-value = { $key } cannot be “{ $value }”
sandbox-world-twice = { $key } “{ $value }” is given twice
sandbox-world-alone = { $key } requires { $with }
sandbox-world-several = a fault can have only one of { $keys }
sandbox-world-none-of = a fault must have one of { $keys }
sandbox-world-alert = Server alert
sandbox-world-alert-content =
    Event: { $event }
    Host: { $host }
    Time: { $time }
sandbox-world-article = What the sea is like this week
sandbox-world-article-digest = Waves, winds, and where to find a harbour
sandbox-world-backup = Backup finished
sandbox-world-backup-content =
    { $first }
    Host: { $host }
    Size: { $size }
    Time: { $time }
    { $remark }
sandbox-world-card = One free meal
sandbox-world-report = Backup report
sandbox-world-report-content =
    Backup: { $backup }
    Size: { $size }
    Finished: { $time }
sandbox-world-status = Service status
sandbox-world-status-content =
    Service: { $service }
    Status: { $status }
    Time: { $time }
sandbox-inbox-title = wxbox sandbox
sandbox-switch-strict = check and cut template fields as a real account does
sandbox-switch-limits = call limits of a real account
sandbox-switch-verified = a verified account: menus, typing
sandbox-switch-snapshot = links open as snapshot pages
sandbox-switch-double = callbacks arrive twice
sandbox-calls = API calls today
sandbox-calls-of = { $used } of { $limit }
sandbox-clock-forward = advance the clock by 49 hours
sandbox-clear = clear all phones
sandbox-empty = no messages yet
sandbox-more-people = { $count } more people have phones: /?person=NAME shows one of them.
sandbox-faults = Faults
sandbox-fault-applied = { $count ->
    [one] applied once
   *[other] applied { $count } times
  }
sandbox-follows = follows the account
sandbox-follows-not = does not follow the account
sandbox-state-open = { $left ->
    [0] follows; no more texts until this person writes again
    [one] follows; accepts one more text until { $until }
   *[other] follows; accepts { $left } more texts until { $until }
  }
sandbox-state-closed = follows; has not written lately, so can receive templates but no texts
sandbox-phone-chosen = opens links
sandbox-phone-choose = open links with this phone
sandbox-follow = Follow
sandbox-unfollow = Unfollow
sandbox-say = Write to the account
sandbox-say-send = Send
sandbox-click = tap the menu
sandbox-scan = scan
sandbox-scan-url = Address in a QR code
sandbox-typing = The account is typing…
sandbox-grant-give = allow
sandbox-grant-back = withdraw
sandbox-grant-lasts = until withdrawn
sandbox-grant-scene = allow one message of scene 1000
sandbox-note-followed = followed the account
sandbox-note-left = unfollowed the account
sandbox-note-clicked = tapped the menu
sandbox-note-scanned = scanned a QR code of the account
sandbox-note-unavailable = The service of this account is not available. Try again later.
sandbox-details = Details
sandbox-mini-program = Mini program { $target }
sandbox-repeats = { $count ->
    [one] repeated once; the repeat was dropped
   *[other] repeated { $count } times; the repeats were dropped
  }
sandbox-kind-image = picture
sandbox-kind-voice = voice message
sandbox-kind-video = video
sandbox-kind-music = Music
sandbox-kind-article = article
sandbox-kind-coupon = Coupon
sandbox-kind-mini-program = Mini program
sandbox-kind-subscription = Subscription notification
sandbox-kind-one-time = One-time subscription
sandbox-consent-asks = requests
sandbox-consent-title = Your nickname and avatar
sandbox-consent-text = The account will get your nickname and avatar. Choose the person who answers:
sandbox-consent-allow = Allow
sandbox-consent-refuse = Refuse
sandbox-refused-title = Not authorized
sandbox-refused-text = WeChat does not report a refusal: the program waits until its timeout. Go back to choose another answer.
sandbox-code-title = Follow { $account }
sandbox-code-text = This is the page on a phone that scanned a QR code of the account. A follower opens the conversation. Choose the person who scanned it:
sandbox-code-expired-title = The QR code has expired
sandbox-code-expired-text = Create a new QR code.
sandbox-ask-title = Receive one message
sandbox-ask-text = The account can then send one message. Choose the person who answers:
sandbox-ask-confirm = Confirm
sandbox-ask-cancel = Cancel
sandbox-ask-action = The action must be get_confirm.
sandbox-ask-scene = The scene must be a whole number from 0 to 10000.
sandbox-ask-template = The template_id is not a one-time subscription template of the account.
sandbox-ask-redirect = The redirect_url is not a web address on the business domain of the account.
sandbox-ask-reserved = The value of reserved must be at most 128 letters and digits.
sandbox-missing-title = Not found
sandbox-missing-text = The sandbox has no such page, person or form.
sandbox-foreign-title = Wrong origin
sandbox-foreign-text = A page outside the sandbox sent this form.
sandbox-link-title = WeChat cannot open this link
sandbox-link-title-number = Error { $code }
sandbox-link-10003 = The redirect_uri is not an address on the authorized domain of the account.
sandbox-link-10005 = The scope is neither snsapi_base nor snsapi_userinfo.
sandbox-link-10006 = Only followers of a test account can authorize. Follow it first, or make it a verified account on the page of the sandbox.
sandbox-link-10010 = The scope is empty.
sandbox-link-10011 = The redirect_uri is empty.
sandbox-link-10012 = The appid is empty.
sandbox-link-appid = The appid is not that of the account of this sandbox.
sandbox-link-order = The parameters must be appid, redirect_uri, response_type, scope, state, in this order.
sandbox-link-encoding = The redirect_uri must be percent-encoded, once.
sandbox-link-response-type = The response_type must be code.
sandbox-link-state = The state must be at most 128 letters and digits.
sandbox-line-unknown = not supported by the sandbox
sandbox-line-fault = fault: { $fault }
sandbox-line-attempt = attempt { $count }
sandbox-lines-left-out = { $count ->
    [one] 1 request was not printed, because the output was not read in time
   *[other] { $count } requests were not printed, because the output was not read in time
}
sandbox-pushes = Pushes
sandbox-push-title = Push settings
sandbox-push-save = Check and save
sandbox-push-mode-plain = plain
sandbox-push-mode-compatible = compatible
sandbox-push-mode-safe = safe
sandbox-push-rejected = The push settings were not changed
sandbox-push-bad-url = The URL must be an http address on this machine.
sandbox-push-bad-token = The Token must have 3 to 32 letters and digits.
sandbox-push-bad-key = The EncodingAESKey must have 43 letters and digits.
sandbox-push-bad-mode = The mode must be plain, compatible or safe.
sandbox-push-no-key = This mode requires an EncodingAESKey.
sandbox-push-check = The URL did not pass the check: { $cause }
sandbox-push-check-timeout = The URL did not pass the check: { $cause }. WeChat's console says 请求URL超时.
sandbox-push-check-token = The URL did not pass the check: { $cause }. WeChat's console says token验证失败. Compare the Token and the path of the URL.
sandbox-push-not-local = not an address of this machine
sandbox-push-no-connection = no connection
sandbox-push-timeout = no response within 5 seconds
sandbox-push-no-response = connection closed without a response
sandbox-push-status = status is not 200
sandbox-push-body = body is not empty, not “success” and not a reply
sandbox-push-reply = reply is not for this person, or not of a known type
sandbox-push-reply-encryption = reply has the wrong encryption or signature
sandbox-push-echostr = body is not the echostr
sandbox-push-echostr-quoted = body is the echostr in quotes; return it without quotes
sandbox-listening =
    The WeChat sandbox is at { $url }
      AppID      { $app_id }
      AppSecret  { $app_secret }

## run
run-bad-interpreter = bad interpreter { $interpreter }
run-cannot-report = the result will not be reported: { $cause }; running { $program } anyway
run-interpreter-crlf-hint = run `sed -i 's/\r$//' { $file }` to convert the line ends of Windows (CR LF)
run-interpreter-hint = begin the script with the name of its interpreter, such as #!/bin/sh
run-interpreter-missing-hint = install the interpreter, or correct the first line of { $file }
run-names = the placeholders are { $names }
run-not-reported = the result of the command was not reported: { $cause }
run-not-started = cannot run { $program }: { $cause }
run-result-bad = failed
run-result-good = succeeded
run-stdin = cannot read the content from standard input: it belongs to the command
run-stdin-hint = use --text TEXT, or name a file with the fields
run-text-bad = { $program } failed (status { $status }) on { $host } after { $duration }
run-text-good = { $program } succeeded (status 0) on { $host } after { $duration }
run-text-not-started = { $program } not started (status { $status }) on { $host }: { $cause }
run-text-signal = { $program } ended by { $signal } (status { $status }) on { $host } after { $duration }
run-unknown-placeholder = {"{"}{ $name }{"}"} is not a known placeholder and is sent unchanged

## store
serve-bound-reply = You are bound as { $name }.
serve-database-failed = cannot record events: { $cause }; WeChat will send them again
serve-delivery-failed = cannot deliver messages: { $cause }
serve-followed = { $person } followed the account
serve-forward-busy = { $count } pushes are waiting for it
serve-forward-failed = cannot forward the push to push.forward_to: { $cause }
serve-forward-long = its response is longer than 64 KiB
serve-forward-status = it responded with HTTP { $status }
serve-listening = listening on { $address }
serve-listening-url = listening on { $address }; the push URL is { $url }
serve-no-push = [push] is missing in the config: events and receipts are not received
serve-not-running = no `wxbox serve` is running with this database: a receipt only arrives if another process receives the events
serve-notices-lost = { $count ->
    [one] 1 line was lost, because the output was not read in time
   *[other] { $count } lines were lost, because the output was not read in time
}
serve-other = event { $name } of { $person }
serve-own-request = {" "}(a check by `wxbox doctor`)
serve-port-hint = another program uses the port; choose another one with `--listen` or serve.address
serve-push-rejected = rejected a push: { $cause }
serve-push-rejected-hint = compare app_id, push.token, push.aes_key and the mode with WeChat's console; with -v, each rejected push is logged
serve-receipt = receipt of message { $id }: { $receipt }
serve-recovered = delivery works again
serve-reload-failed = cannot reload the config: { $cause }; the old config stays in force
serve-reload-restart = the listen address, the database or the app_id has changed; the old config stays in force until you restart `wxbox serve`
serve-reloaded = reloaded the config
serve-running = another `wxbox serve` is running with this database
serve-running-hint = stop the other `wxbox serve`: only one can run per account
serve-stopping = stopping
serve-unfollowed = { $person } unfollowed the account
serve-wrote = { $person } wrote to the account
store-absent = there is no database at { $path }, which { $from } names
store-absent-default = there is no database at { $path }
store-absent-hint = check --database, WXBOX_DATABASE or the key database; `wxbox user add` and `wxbox user import` create a new database
store-busy = the database { $path } is locked by another process
store-busy-hint = wait until the other wxbox, backup or sqlite3 has ended, then try again; run `fuser -v FILE` to see the process
store-corrupt = the database { $path } is damaged
store-corrupt-hint = run `wxbox help recovery` to see how to recover the data or restore a backup; the damaged file was not changed
store-corrupt-log = the write-ahead log { $path } is damaged
store-foreign-log = the write-ahead log { $path } does not belong to the database { $database }
store-foreign-log-hint = if the database was replaced by a copy, move { $path } to another directory; otherwise see `wxbox help recovery`; both files were not changed
store-foreign = { $path } is a database of another program
store-hard-links = the database { $path } has more than one name (hard links)
store-hard-links-hint = keep one name and use a symbolic link for the other, because each name has its own log, which damages the database; `find / -xdev -samefile { $path }` shows all names
store-full = cannot write the database { $path }: the disk is full
store-full-hint = free space on that disk, then try again
store-made = created a new database at { $path }
store-newer = cannot use the database { $path }: a newer wxbox created it (schema { $found }; this wxbox supports { $known })
store-newer-hint = use the newer wxbox, or use --database with another file
store-not-a-database = { $path } is not a database
store-not-a-database-hint = check --database, WXBOX_DATABASE or the key database; if the file was a database before, see `wxbox help recovery`; the file was not changed
store-not-ours-hint = check --database, WXBOX_DATABASE or the key database; the file was not changed
store-open = cannot open the database { $path }: { $cause }
store-open-hint = check that the user of wxbox can write the file and its directory
store-read-only = cannot write the database { $path }: it is read-only
store-read-only-hint = check the permissions of the file and its directory, and whether the file system is mounted read-only
store-sqlite = cannot use the database { $path }: { $cause }
store-unreleased = the database { $path } was created by a development version before the first release
store-unreleased-hint = run `wxbox user export` of that version, move the file away, then run `wxbox user import`

## outbox
outbox-after = After
outbox-attempts = Attempts
outbox-attempt = attempt { $n }
outbox-attempt-ambiguous = no usable response from { $host }: the message may have arrived
outbox-attempt-line = { $time } to { $openid }: { $outcome }
outbox-attempt-not-sent = no connection to { $host }
outbox-attempt-open = in flight
outbox-attempt-accepted = accepted
outbox-bounds = --since is { $since }, which is after --until ({ $until })
outbox-cancel-ask = { $count ->
    [one] Cancel 1 queued message, from { $oldest }?
   *[other] Cancel { $count } queued messages, the oldest from { $oldest }?
}
outbox-cancel-kept = nothing was cancelled
outbox-cancel-left = { $count ->
    [one] 1 message is in flight and cannot be cancelled
   *[other] { $count } messages are in flight and cannot be cancelled
}
outbox-cancel-none = no messages are queued
outbox-cancel-sending = message { $id } is in flight and may arrive
outbox-cancel-sending-hint = run `wxbox outbox show { $id }` to see the result
outbox-cancel-state = cannot cancel message { $id }: its state is { $state }, not queued
outbox-cancel-state-hint = run `wxbox outbox list --state queued` to list the messages that can be cancelled
outbox-cancelled = cancelled message { $id } to { $to }
outbox-cancel-unknown = message { $id } to { $to } will not be retried; it may have arrived before
outbox-changed = Changed
outbox-check-all-lost = { $lost } in the last { $limit }
outbox-check-late = { $count } queued (oldest { $age }, limit { $limit })
outbox-check-lost = { $count } { $state } (oldest { $age })
outbox-check-none-lost = none failed, expired or unknown in the last { $limit }
outbox-check-none-queued = none queued
outbox-check-queued = { $count } queued (oldest { $age })
outbox-content = Content
outbox-created = Created
outbox-due = Next attempt
outbox-errcode = Error code
outbox-error = Error
outbox-expires = Expires
outbox-flush-none = no messages are due
outbox-flush-waits = { $count ->
    [one] no messages are due: 1 message waits
   *[other] no messages are due: { $count } messages wait
}, the next is due { $due }
outbox-flush-stuck = { $count ->
    [one] no messages are due: 1 message waits
   *[other] no messages are due: { $count } messages wait
} for another message; run `wxbox outbox list --state queued` to see why
outbox-following = printing new messages and changes; press Ctrl-C to stop
outbox-hint = Hint
outbox-id = ID
outbox-key = Key
outbox-lost-hint = run `wxbox outbox list --state failed --state expired --state unknown` to see the messages and the causes
outbox-more = { $shown } of { $all } messages; use `--limit { $next }` to see older ones, or `--limit 0` to see all
outbox-more-all = { $shown } of { $all } messages; use `--limit 0` to see all
outbox-msgid = WeChat message ID
outbox-none = no messages yet; run `wxbox send` to send one
outbox-none-match = no matching messages; run `wxbox outbox list` to see the latest
outbox-oldest = oldest queued
outbox-oldest-since = { $age }, since { $time }
outbox-openid = Openid
outbox-rid = Request ID
outbox-pruned = deleted { $count ->
    [one] 1 message
   *[other] { $count } messages
}
outbox-receipt = Receipt
outbox-receipt-at = { $receipt }, { $time }
outbox-receipt-count = receipt { $receipt }
outbox-receipt-count-none = no receipt
outbox-receipt-never = not supported for messages of this type
outbox-receipt-none = none
outbox-receipt-text = { $receipt } ({ $text }), { $time }
outbox-removed = deleted with the user
outbox-retry-ask = { $count ->
    [one] Send 1 { $state } message again, from { $oldest }?
   *[other] Send { $count } { $state } messages again, the oldest from { $oldest }?
}
outbox-retry-gone = cannot retry message { $id }: its user and its content were deleted
outbox-retry-key = cannot retry message { $id }: message { $other } has the same key
outbox-retry-moved = message { $id } goes to the WeChat account to which the user is bound now ({ $openid })
outbox-retry-none = no messages to retry
outbox-retry-repeats = { $count ->
    [one] message { $ids } may have arrived already and may arrive twice
   *[other] these messages may have arrived already and may arrive twice: { $ids }
}
outbox-retry-sent = cannot retry message { $id }: WeChat has accepted it; use `wxbox send` to send a new message
outbox-retry-unbound = cannot retry message { $id }: its user is not bound
outbox-retry-unbound-hint = run `wxbox bind --user NAME`, then retry
outbox-sent = Sent
outbox-state = State
outbox-state-receipt = { $state }, { $receipt }
outbox-state-value = { $state }
outbox-template = Template { $id }
outbox-to = To
outbox-too-old-hint = run `wxbox outbox list --state queued` to see the waiting messages and the causes
outbox-type = Type
outbox-type-value = { $kind }
outbox-unknown = there is no message { $id }
outbox-unknown-hint = run `wxbox outbox list` to see the latest messages

## listen-file (certificate, key and verification file of the listener)
listen-file-bad-key = cannot use the key in { $path }
listen-file-denied-hint = permit the user of wxbox to read { $path }, for example through its group
listen-file-encrypted-key = cannot use the key in { $path }: it is encrypted
listen-file-encrypted-key-hint = run `(umask 077; openssl pkey -in '{ $path }' -out '{ $path }.plain')` to decrypt it, and set listen.tls_key to the new file
listen-file-faulty = { $key }: cannot use { $path }: { $cause }
listen-file-http = { $uri } is http, but with listen.tls_cert the listener serves only HTTPS, so phones cannot connect
listen-file-http-hint = begin redirect_uri with https, or remove listen.tls_cert and listen.tls_key
listen-file-mismatch = the key in { $key } does not belong to the certificate in { $certificate }
listen-file-mismatch-hint = use the key of the first certificate in the file, which must be the certificate of this server
listen-file-no-certificate-hint = set listen.tls_cert to a PEM file (-----BEGIN CERTIFICATE-----) with the certificate of this server and its chain, such as fullchain.pem
listen-file-no-key-hint = set listen.tls_key to a PEM file with an RSA, ECDSA or Ed25519 key (-----BEGIN PRIVATE KEY-----), such as privkey.pem
listen-file-unreadable = { $key }: cannot read { $path }: { $cause }
listen-file-unreadable-hint = check { $key }; a relative path starts at the directory of the config
listen-file-verification-content = WeChat will not accept { $path }: it does not contain the 16 characters of its name
listen-file-verification-content-hint = download the file again from the WeChat console, and do not change it
listen-file-verification-hint = set listen.domain_verify_file to the file that 网页授权域名 provides (微信公众平台 → 设置与开发 → 账号设置 → 功能设置): MP_verify_, 16 letters or digits, .txt
listen-file-verification-name = { $path } is not the file of WeChat: unexpected file name
pem-certificate-instead = the file contains a certificate and no private key
pem-damaged = the block that begins on line { $line } is damaged
pem-damaged-hint = copy the whole file again from where it was created
pem-key-instead = the file contains a private key and no certificate
pem-no-end = the block that begins on line { $line } has no END line
pem-no-line-ends = line { $line } has lost its line breaks: BEGIN, the data and END must be on separate lines
pem-no-line-ends-hint = write the file again with line breaks; `printf '%b' "$PEM"` converts \n in a variable
pem-nothing = the file contains no usable block that begins with -----BEGIN
pem-utf16 = the file is UTF-16
pem-utf16-hint = save the file as UTF-8

## rule (values of templates)
rule-amount = amount fields hold up to 10 digits with decimals, and a currency sign or 元, such as ¥12.50
rule-blank = WeChat shows no value for { $keys }
rule-beginning = WeChat may drop a value at the beginning of a message: begin the template with words before { $key }
rule-broken = WeChat rejects "{ $value }" for { $key }: { $rule }
rule-car-number = car_number fields hold up to 8 letters and digits, such as 粤A8Z888挂; the first and the last may be Chinese
rule-character-string = character_string fields hold up to 32 digits, letters and symbols, no Chinese and no blanks
rule-color = WeChat does not show colors: { $keys }
rule-const = const fields hold a text that was approved with the template, with up to 20 characters
rule-cut = { $key } has { $length } characters and is cut to "{ $sent }": { $rule }
rule-date = use a date such as 2019年10月1日 or 2019-10-01, with an optional time; ~ joins two dates
rule-decimals = WeChat has rejected amounts without decimals: { $key } is { $value }
rule-doubtful = WeChat may reject "{ $value }" for { $key }: { $rule }
rule-emoji = no emoji
rule-empty = WeChat rejects an empty { $key }
rule-empty-doubtful = WeChat may reject { $key }, which is empty
rule-enum = the field holds only a text that was approved with the template
rule-hidden = WeChat does not show { $keys }
rule-length = at most { $limit } characters
rule-letter = letter fields hold up to 32 letters and nothing else
rule-misspelt = WeChat may show no value for { $place }: write a field as { "{{" }key.DATA{ "}}" }, without blanks and with ASCII characters
rule-line-break = no line breaks
rule-name = name fields hold up to 10 characters if one is Chinese, otherwise up to 20 letters and symbols
rule-number = number fields hold up to 32 digits and decimals
rule-phone-number = phone_number fields hold up to 17 characters: digits, + and -
rule-phrase = phrase fields hold up to 5 Chinese characters and nothing else
rule-short-thing = WeChat has not published the rule
rule-shown = WeChat shows { $key } as "{ $shown }": { $why }
rule-symbol = symbol fields hold up to 5 symbols and nothing else
rule-thing = thing fields hold at most 20 characters
rule-time = use a time such as 15:01 or 15:01:59, with an optional date (2019年10月1日 15:01); ~ joins two times
rule-too-long = WeChat rejects { $key } with { $length } characters: { $rule }

## send
did-you-mean = did you mean { $name }?
did-you-mean-command = did you mean { $command }?
openid-unusable = "{ $openid }" is not an openid
openid-unusable-hint = use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
openid-odd = an openid usually has { $length } characters and begins with o; { $openid } does not
send-all-declined = all recipients have declined this template
send-ask-alias-item = template { $title } ({ $alias })
send-ask-command = The same command without questions:
send-ask-content = Message
send-ask-editor-item = a text, written in your editor
send-ask-field-again = { $finding }; press Enter to send it, or correct the value
send-ask-field-rule = { $key }: { $rule }
send-ask-send = Send to { $to }?
send-ask-send-several = Send to { $count } recipients?
send-ask-template-item = template { $title }
send-ask-text = Text
send-ask-text-item = a text
send-and-more = { $names } and { $more } more
send-awaiting-receipts = waiting for receipts…
send-blocked = message { $id } to { $to } was not delivered: the user refuses messages of the account ({ $text })
send-cancelled = message { $id } to { $to } was cancelled
send-cancelled-why = message { $id } to { $to } was cancelled: { $error }
send-color-alone = cannot color { $key }: there is no such field
send-data-hint = write the fields like this: { "{" }"host": "db1", "size": { "{" }"value": 3, "color": "#173177"{ "}" }{ "}" }
send-data-json = cannot read fields from { $path }: { $cause }
send-data-object = it is not a JSON object
send-data-nameless = --data has an empty field name
send-data-value = the value of { $key } must be text, a number, or { "{" }"value": …, "color": "#RRGGBB"{ "}" }
send-default-hint = the default recipients are in { $at }
send-default-recipients = to the default recipients: { $names } (send.to, { $at })
send-delivered = delivered message { $id } ({ $kind }) to { $to }
send-duplicate = sent nothing to { $to }: message { $id } has the same key and is { $state }
send-expired-hint = run `wxbox outbox retry { $id }` to send it now
send-expired-hint-many = run `wxbox outbox retry --expired` to send all expired messages now
send-failed = message { $id } to { $to } was rejected: { $error }
send-edit-empty = nothing was sent: the edited text is empty
send-fallback-fields = --fallback { $name }: { $count ->
    [0] every field has a default, so there is no field for the text
   *[other] the text can fill only one field, but { $count } have no default ({ $fields })
}
send-fallback-fields-hint = run `wxbox config set templates.{ $name }.data.FIELD VALUE` for all fields except one
send-fallback-missing = cannot use --fallback: { $cause }; the text is sent without it
send-fallback-text = --fallback works only with a text
send-fallback-unlisted = cannot look up the template "{ $name }" of --fallback: { $cause }; the text is sent without it
send-fallback-warning = if the text is sent as the template { $name }: { $warning }
send-gone = message { $id } was deleted with its user: it may or may not have been delivered
send-given-up-hint = run `wxbox outbox retry { $id }` to send it again; wxbox does not retry it
send-given-up-hint-many = run `wxbox outbox retry --failed` to send all failed messages again; wxbox does not retry them
send-none-bound = no user is bound
send-none-bound-hint = run `wxbox bind --user NAME` to bind a user; `wxbox user list` shows all users
send-none-reachable = no bound user can be reached
send-refused-hint = then run `wxbox outbox retry { $id }` to send it
send-refused-hint-many = then run `wxbox outbox retry --failed` to send all failed messages
send-removed = message { $id } was not sent, because its user was removed
send-unbound = nothing was sent to { $user }: another process changed or removed the binding
send-field-near = { $key } (did you mean { $near }?)
send-fields-hint = use its fields { $fields }; run `wxbox template show { $name }` to see the template
send-fields-missing = the template { $name } requires values for { $fields }
send-fields-missing-too = values for { $fields } are missing
send-fields-strict-hint = without --strict this is a warning; run `wxbox template check { $name } --data …` to see a preview
send-fields-unknown = { $count ->
    [one] the template { $name } has no field { $fields }
   *[other] the template { $name } has no fields { $fields }
}
send-interrupted = interrupted; { $queued ->
    [one] 1 message of this command remains queued; run `wxbox outbox flush` to send it
    [0] 0 messages of this command remain queued
   *[other] { $queued } messages of this command remain queued; run `wxbox outbox flush` to send them
}
send-file-hint = use a file name, or - for standard input
send-message-hint = use an object such as { "{" }"msgtype": "image", "image": { "{" }"media_id": "@chart.png"{ "}" }{ "}" }; run `wxbox send --help` for more
send-message-json = cannot read a message from { $file }: { $cause }
send-news-hint = write title, description, url and picurl in TOML or JSON; run `wxbox send --help` for an example
send-news-toml = cannot read a link card from { $file }: { $cause }
send-split-many = the text has { $parts } parts, but WeChat accepts only { $limit } customer-service messages until the person writes again
send-stopping = stopping; waiting up to two seconds for responses
send-left-queued = { $queued ->
    [one] 1 message of this command remains queued: do not send it again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends it
   *[other] { $queued } messages of this command remain queued: do not send them again; the next `wxbox outbox flush` (by hand, cron or a timer) or a running `wxbox serve` sends them
}
send-mistyped-option = unknown option { $option }
send-mistyped-option-hint = write a text that begins with -- as --text=TEXT
send-mistyped-option-near = did you mean { $near }?
send-no-tag = no user has the tag { $tag }
send-no-receipt = WeChat accepted message { $id } to { $to }, but no receipt arrived in time
send-no-receipt-hint = run `wxbox outbox show { $id }` later; do not send the message again, because it may have been delivered
send-no-receipt-hint-many = run `wxbox outbox list --receipt none` later; do not send the messages again, because they may have been delivered
send-no-receipts = only template messages and subscription notifications have receipts; other messages count as delivered when WeChat accepts them
send-not-received = WeChat accepted message { $id } to { $to } but did not deliver it: { $text }
send-declined-hint = run `wxbox send --user NAME` to send it to one of them anyway
send-only-queued = queued message { $id } ({ $kind }) to { $to }
send-part-hint = do not send it again: wxbox sends it after message { $after }; run `wxbox outbox show { $after }` to see the state of that message
send-many-ask = { $count ->
    [one] Send this message to { $names }?
   *[other] Send this message to { $count } people ({ $names })?
}
send-many-ask-parts = Send this text in { $parts } parts ({ $messages } messages) to { $count } people ({ $names })?
send-many-kept = nothing was sent
send-many-blocked = { $count } messages were not delivered, because the users refuse messages of the account (recipients: { $names })
send-many-cancelled = { $count } messages were cancelled (recipients: { $names })
send-many-duplicate = { $count } messages were not sent again, because their keys were used before (recipients: { $names })
send-many-expired = { $count } messages have expired (recipients: { $names })
send-many-failed = { $count } messages were rejected (recipients: { $names })
send-many-no-receipt = WeChat accepted { $count } messages, but no receipt arrived in time (recipients: { $names })
send-many-not-received = WeChat accepted { $count } messages but did not deliver them (recipients: { $names })
send-many-queued = { $count } messages are not delivered yet and remain queued (recipients: { $names })
send-many-unknown = { $count } messages may or may not have been delivered (recipients: { $names })
send-not-delivered = { $count ->
    [one] 1 message was not delivered
   *[other] { $count } messages were not delivered
}
send-quota-left = this requires { $count } of the { $left } calls of { $api } that are left today
send-quota-short = { $count } calls of { $api } are required, but only { $left } are left today: the other messages wait until midnight in Beijing
send-queued = message { $id } to { $to } is not delivered yet and remains queued: { $error }
send-queued-until = message { $id } to { $to } is not delivered yet; it remains queued and is retried after { $time }: { $error }
send-queued-hint = do not send it again, because `wxbox outbox flush` after { $time }, or a running `wxbox serve`, retries it; run `wxbox outbox retry { $id }` to retry it now
send-queued-hint-many = do not send them again, because `wxbox outbox flush` after { $time }, or a running `wxbox serve`, retries them; run `wxbox outbox retry --queued` to retry them now
send-quota-hint = do not send it again, because `wxbox outbox flush` after { $time }, or a running `wxbox serve`, sends it; to send it now, run `wxbox quota clear` (allowed ten times a month), then `wxbox outbox flush`
send-quota-hint-many = do not send them again, because `wxbox outbox flush` after { $time }, or a running `wxbox serve`, sends them; to send them now, run `wxbox quota clear` (allowed ten times a month), then `wxbox outbox flush`
send-sent = sent message { $id } ({ $kind }) to { $to }
send-skipped-unbound = skipped, not bound: { $users }
send-skipped-declined = skipped, declined this template: { $users }
send-skipped-unreachable = skipped, unreachable (`wxbox user list` shows why): { $users }
send-strict-hint = without --strict this is a warning, and the message is sent
send-summary = { $sent } of { $all } messages sent
send-summary-earlier = { $count } sent earlier with the same key
send-summary-failed = { $count } not sent (`wxbox outbox list{ $states }`)
send-summary-queued = { $count } queued (`wxbox outbox list --state queued`)
send-summary-queued-until = { $count } queued: the next `wxbox outbox flush` after { $time }, or a running `wxbox serve`, sends them
send-summary-unknown = { $count } may have arrived (`wxbox outbox list --state unknown`)
send-unreachable-hint = run `wxbox user list` to see why, or `wxbox user sync` to update who follows the account
send-tag-unreachable = no user with the tag { $tag } is bound and reachable
send-template-unlisted = cannot look up the template "{ $name }": { $cause }; nothing was queued
send-text-cut = the text is { $length } bytes long and is cut to { $limit } bytes, the limit of WeChat
send-text-empty = the text is empty
send-text-empty-hint = run wxbox through `ifne` (package moreutils) to send nothing if there is no text
send-text-long = the text is { $length } bytes long; WeChat allows at most { $limit }
send-text-long-hint = shorten the text, or send a link to it
send-text-split-hint = shorten the text, send a link to it, or use --split to send it in parts
send-touser = the message has the touser { $touser }, but the recipient is { $openid }
send-touser-hint = remove touser from the message
send-unchecked = cannot check the template { $name } and its fields: { $cause }
send-unchecked-secret = there is no cached template list, and no AppSecret to download the list
send-under-way = sending…
send-unfollowed-hint = ask the person to follow the account first; then use --template, or --fallback ALIAS, or wait until the person writes to the account
send-unknown = message { $id } to { $to } may or may not have been delivered: { $error }
send-unknown-hint = ask the recipient: it may have arrived, so wxbox does not retry it; if it did not arrive, run `wxbox outbox retry { $id }`
send-unknown-hint-many = ask the recipients: the messages may have arrived, so wxbox does not retry them; run `wxbox outbox list --state unknown` to see them
send-url = { $url } is not an http or https address
send-waiting = { $error }; retrying

## user import
import-added = added { $count ->
    [one] 1 user
   *[other] { $count } users
}
import-column = { $file }, line { $line }, column { $column }: { $what }
import-column-twice = the column { $column } appears twice
import-column-unknown = unknown column "{ $column }"
import-column-unnamed = this column has no name in the first line
import-columns = name the columns in the first line: { $columns }
import-empty = { $file } is empty
import-exists-hint = remove the line, or use --database with another database; no user was added
import-fields = { $found ->
    [one] 1 field
   *[other] { $found } fields
}, but { $expected ->
    [one] 1 column
   *[other] { $expected } columns
}
import-fields-hint = write a field that contains { $separator } or a line break in double quotes
import-gbk = the text is not UTF-8 and seems to be GBK
import-gbk-hint = save it as “CSV UTF-8”, or convert it with `iconv -f GBK -t UTF-8 { $file } >utf8.csv`
import-hash = the text begins like an Argon2id hash, but is not a valid one
import-hashing = hashing passwords
import-json-array = { $file } is a JSON array
import-json-array-hint = run `jq -c '.[]' FILE` to convert it to JSON Lines
import-json-hint = write one JSON object per line; read a CSV file without --json
import-json-tags = tags must be a list of strings
import-json-text = the value must be a text or null
import-line = { $file }, line { $line }: { $what }
import-no-column = { $file }: the table { $table } has no column { $column }
import-no-table = { $file } is an SQLite database without a table { $table }
import-no-table-hint = use a CSV file, a JSON Lines file, or the db.sqlite3 of the old Django application
import-no-username = the column username is missing
import-not-text = the value is not UTF-8 text
import-openid = an openid requires app_id in the config
import-openid-odd = an openid usually has 28 characters and begins with o; { $openid } does not{ $others ->
    [0] {""}
    [one] , and 1 more
   *[other] , and { $others } more
}
import-original-left = cannot import { $wrong } of { $count } users in { $file }; no user was added
import-original-left-hint = correct or delete these rows in a copy of the file, and import the copy
import-original-there-hint = delete these rows in a copy of the file and import the copy, or use --database with another database
import-original-twice = { $user } is already in row { $row }
import-own-database = { $file } is a database of wxbox itself
import-own-database-hint = run `wxbox --database '{ $file }' user export` and import its output
import-password = the password is too long or contains a control character
import-quote-behind = unexpected characters after a closing quote
import-quote-behind-hint = write a field that contains quotes in double quotes, and double each inner quote: "a ""b"" c"
import-quote-open = the quote that opens here is not closed
import-read = cannot read { $file }
import-row = { $file }, row { $row }: { $what }
import-row-column = { $file }, row { $row }, column { $column }: { $what }
import-separator-hint = use a comma instead of “{ $found }” between the columns
import-sqlite-stdin = cannot read an SQLite database from standard input
import-sqlite-stdin-hint = run `wxbox user import db.sqlite3`
import-twice = { $user } is already on line { $line }
import-uid = "{ $uid }" is not a uid
import-uid-foreign = "{ $uid }" is not the MD5 of { $user }
import-uid-hint = use 32 hex digits, 0-9 and a-f, or leave the uid out
import-uid-taken = the uid of { $user } belongs to { $holder }
import-uid-twice = the uid of { $user } belongs to { $holder } on line { $line }
import-unfinished = { $file } is in use or was not closed properly, and may be incomplete
import-unfinished-hint = stop the application, then run `sqlite3 '{ $file }' 'PRAGMA journal_mode = DELETE'` and try again
import-unreadable = cannot read { $file }: { $cause }
import-utf16 = { $file } is not UTF-8 text; it may be UTF-16 or a binary file
import-utf16-hint = convert it with `iconv -f UTF-16 -t UTF-8`
import-utf8 = the text is not UTF-8
import-utf8-hint = save it as “CSV UTF-8” in the spreadsheet, or as UTF-8 in the editor
import-workbook = { $file } is a workbook or another ZIP archive

## user sync
sync-asking = asking WeChat which users follow the account
sync-broken = cannot check all openids: { $done } of { $all } are done
sync-done = { $asked ->
    [0] no user is bound
   *[other] checked { $asked ->
        [one] 1 user
       *[other] { $asked } users
    }: { $follow } { $follow ->
        [one] follows
       *[other] follow
    }, { $not } { $not ->
        [one] does not
       *[other] do not
    }{ $invalid ->
        [0] {""}
        [one] , 1 openid is not of this account
       *[other] , { $invalid } openids are not of this account
    }; { $changed ->
                [one] 1 change
       *[other] { $changed } changes
    }
}
sync-followed = { $user } now follows the account
sync-followed-again = { $user } follows the account again
sync-invalid = the openid { $openid } of { $user }: { $cause }
sync-invalid-some = { $count ->
    [one] the openid of 1 user is
   *[other] the openids of { $count } users are
} not of this account
sync-not-followed = { $user } does not follow the account and cannot be reached
sync-unfollowed = { $user } no longer follows the account and cannot be reached

## template
template-add-unknown-hint = run `wxbox template list --refresh` to see whether it was added
template-added = added the template { $id }
template-added-fields = added the template { $title } ({ $id }) with the fields { $fields }
template-alias = Alias
template-alias-command = for a short name, run `wxbox template alias NAME { $id }`
template-alias-exists = the alias { $alias } already exists, for { $id }
template-alias-exists-hint = use --force to replace it
template-alias-item = { $title } ({ $fields }) { $id }
template-alias-left = the alias { $name } still refers to it: { $at }
template-alias-missing = the template is missing
template-alias-missing-hint = run `wxbox template alias { $alias } ID`, or run it on a terminal to choose from a list
template-alias-none = there is no alias { $alias }
template-alias-none-hint = run `wxbox template alias { $alias }` to create it
template-alias-pick = Template for { $alias }
template-alias-removed = removed the alias { $alias } from { $path }
template-alias-replace = Replace it?
template-alias-unknown = the account has no template { $id }, to which the alias { $name } refers
template-alias-unknown-hint = run `wxbox template list` to see the templates of the account; the alias is at { $at }
template-alias-unknown-subscription-hint = run `wxbox template list --subscribe` to see the templates of the account; the alias is at { $at }
template-alias-unusable = cannot use this name as an alias: it is empty or has control characters
template-alias-use = To send with it: { $line }
template-alias-written = the alias { $alias } now stands for { $title } ({ $path })
template-asked = downloaded the template list: { $count } templates
template-asked-at = As of
template-check-unknown = cannot look up the template { $name }: { $cause }
template-content = Content
template-field-hidden = is not shown
template-fields = Fields
template-gone = the account no longer has the template { $title } ({ $id })
template-id = ID
template-library-unknown = the library has no template { $id }
template-library-unknown-hint = find the number in the console: 模板消息 → 模板库 → 类目模板库
template-list-alias = ALIAS
template-list-asked = downloaded { $ago }; run `wxbox template list --refresh` to update the list
template-list-failed = cannot download the templates from WeChat: { $cause }
template-list-fields = FIELDS
template-list-id = ID
template-list-old = using the template list of { $ago }: WeChat could not be reached: { $cause }
template-list-title = TITLE
template-none = the account has no templates
template-none-hint = add one in the WeChat console, or with `wxbox template add`
template-old = using the template list of { $ago }
template-remove-ask = Remove the template { $title } ({ $id }) from the account? Messages can then no longer use it.
template-remove-kept = nothing was removed
template-remove-missing = cannot ask for confirmation: standard input is not a terminal; use --yes
template-removed = removed the template { $title } ({ $id })
template-several = "{ $name }" matches more than one template: { $ids }
template-several-hint = use more characters of the ID, or an alias of the config
template-title = Title
template-unknown = there is no template "{ $name }"
template-unknown-hint = run `wxbox template list` to see the templates of the account, or `wxbox template alias { $alias }` to choose the one that this name stands for
template-unknown-subscription-hint = run `wxbox template list --subscribe` to see the subscription templates of the account, or `wxbox template alias { $alias }` to choose the one that this name stands for

## token
token-fetch = cannot get an access token: { $cause }
token-fetched = fetched an access token
token-forced = WeChat returned the rejected token again; wxbox requests a new one
token-lock = cannot lock the token file beside the database: { $cause }; wxbox requests a token without the lock
token-lock-held = another process holds the token lock and does not respond; wxbox requests a token without the lock

## ui
ui-ago = { $unit ->
    [s] { $count } s ago
    [min] { $count } min ago
    [h] { $count } h ago
    [d] { $count } days ago
    [mo] { $count } months ago
    [y] { $count } years ago
   *[now] just now
}
ui-ahead = { $unit ->
    [s] in { $count } s
    [min] in { $count } min
    [h] in { $count } h
    [d] in { $count } days
    [mo] in { $count } months
    [y] in { $count } years
   *[now] just now
}
ui-ask = { $prompt }:{ " " }
ui-ask-default = { $prompt } [{ $default }]:{ " " }
ui-at-most = { $text }, at most { $time }…
ui-cause = { $what }: { $cause }
ui-clauses = { $first }; { $rest }
ui-countdown = { $text }, { $time }
ui-crash = internal error at { $place } (wxbox { $version })
ui-crash-hint = report this line as a bug; queued messages are still in the outbox
ui-delivered = { $sent } sent, { $not } not sent
ui-editor-missing = cannot find the editor { $editor }
ui-editor-missing-hint = set EDITOR to the command of your editor, as in `export EDITOR=nano`
ui-editor-no-terminal = cannot start an editor without a terminal
ui-editor-not-started = cannot start the editor { $editor }
ui-editor-not-utf8 = the edited text is not UTF-8
ui-editor-quotes = { $variable } has an unmatched quotation mark
ui-editor-unreadable = cannot read the edited text
ui-empty-answer = enter a value
ui-ended = cannot read the answer: standard input has ended
ui-error = error:
ui-hidden = [hidden]
ui-hidden-none = [none]
ui-hint = hint:
ui-info = info:
ui-interrupted = interrupted
ui-json =
    { $kind ->
       *[other] { $text } at line { $line } column { $column }
    }
ui-json-fault = { $text }
ui-language-unknown = WXBOX_LANG is { $name }, but wxbox supports only en and zh
ui-list = { $first }, { $rest }
ui-no = no
ui-pick-help = ↑↓: move, Enter: accept, Esc: cancel
ui-pick-more =       … and { $count } more: type a part of the text
ui-pick-no-match = no match
ui-pick-number = Number or a part of the text
ui-pick-numbers = Numbers (1 3) or a part of the text
ui-pick-several-help = ↑↓: move, Tab: mark several, Enter: accept, Esc: cancel
ui-prompt = cannot prompt
ui-span = { $count }{ $unit }
ui-span-part = { $count }{ $unit }
ui-stdin = cannot read standard input
ui-stdin-end = Type the input. To end it, press Ctrl-D at the start of a line.
ui-stdin-name = standard input
ui-stdin-long = standard input is longer than { $limit } bytes
ui-stdin-utf8 = standard input is not UTF-8
ui-stdin-utf8-hint = convert it with `iconv -f GBK -t UTF-8`
ui-stdout = cannot write to standard output
ui-unread = cannot write the remaining results: the reader of standard output does not read them
ui-system =
    { $kind ->
       *[other] { $text }
    }
ui-warning = warning:
ui-when = { $time } ({ $ago })
ui-yes = yes

## unbind
unbind-done = unbound { $user } from { $openid }
unbind-unknown = { $count ->
    [one] 1 queued message to this user will not be retried; it may have arrived before
   *[other] { $count } queued messages to this user will not be retried; they may have arrived before
}
unbind-withdrawn = { $count ->
    [one] cancelled 1 queued message to this user
   *[other] cancelled { $count } queued messages to this user
}

## user
user-added = added { $user }
user-changed = changed { $user }
user-exists = a user named { $user } already exists
user-exists-hint = run `wxbox user edit { $name }` to change it
user-gone = another wxbox process has removed { $user }
user-list-left = unfollowed
user-list-name = NAME
user-list-not-following = does not follow
user-list-note = NOTE
user-list-openid = OPENID
user-list-refused = refused ({ $errcode })
user-list-status = STATUS
user-list-tags = TAGS
user-list-unbound = not bound
user-name-control = the name contains a control character
user-name-empty = the name is empty
user-name-hidden = the name contains an invisible character (U+{ $code })
user-name-hidden-hint = type the name again: copied text may contain invisible characters
user-name-long = the name has { $length } characters; the limit is { $limit }
user-name-missing = the name is missing
user-name-missing-hint = run `wxbox user add NAME`
user-name-prompt = Name
user-none = no users yet; run `wxbox user add NAME` to add one
user-none-match = no matching users; run `wxbox user list` to see all
user-not-bound = { $user } is not bound
user-not-bound-hint = run `wxbox bind --user { $name }` to show the QR code
user-password-again = Repeat the password
user-password-differs = the passwords differ; try again
user-password-hash = cannot hash the password
user-password-missing = the new password of { $user } is missing
user-password-missing-hint = use --password-stdin, or --remove to remove the password
user-password-prompt = Password for binding (empty for none)
user-password-removed = removed the password of { $user }
user-password-set = set the password of { $user }
user-password-unusable = standard input must contain the password in one line
user-remove-ask = Remove { $user }, the binding, the tags and the texts of all messages?
user-remove-kept = nothing was removed
user-remove-missing = cannot ask for confirmation: standard input is not a terminal; use --yes
user-removed = removed { $user }
user-removed-log = deleted texts may still be in { $path } until it is overwritten: another process is reading the database, or the disk is full
user-removed-messages = { $count ->
    [one] deleted the text of 1 message
   *[other] deleted the texts of { $count } messages
}{ $queued ->
    [0] {""}
    [one] , 1 of which was queued and is not sent
   *[other] , { $queued } of which were queued and are not sent
}{ $unknown ->
    [0] {""}
    [one] ; 1 queued message among them may have arrived before and is not retried
   *[other] ; { $unknown } queued messages among them may have arrived before and are not retried
}
user-same-letters = the names { $user } and { $other } differ only in capital letters
user-show-added = Added
user-show-bound = { $openid } since { $time }
user-show-follows = Follows
user-show-follows-left = no (unfollowed)
user-show-follows-not = no, not since the binding; messages arrive only after the user follows the account
user-show-follows-unknown = unknown; run `wxbox user sync` to ask WeChat
user-show-follows-yes = yes
user-show-name = Name
user-show-not-following = no: the user does not follow the account ({ $errcode }); run `wxbox user sync` after the user has followed it again
user-show-not-following-served = no: the user does not follow the account ({ $errcode }); `wxbox serve` notices when the user follows it again
user-show-note = Note
user-show-reachable = Reachable
user-show-tags = Tags
user-show-texts = Texts
user-show-texts-over = possible until { $time }, 48 hours after the user last wrote
user-show-texts-until = possible until { $time }, 48 hours after the user last wrote
user-show-uid = UID
user-show-unbound = not bound
user-show-unreachable = no: WeChat rejects messages (see `wxbox explain { $errcode }`); `--tag` and `--all` skip this user until a message with --user is accepted
user-show-wechat = WeChat
user-tag-one = "{ $tag }" is one tag; for several tags, use { $options }
user-tag-several = use one option for each tag: { $options }
user-tag-unusable = "{ $tag }" is not a valid tag: use 1 to { $limit } visible characters without a semicolon
user-uid-taken = the uid of the name { $user } belongs to { $holder }, a renamed user
user-uid-taken-hint = choose another name
user-unknown-hint = run `wxbox user list` to see all users
user-unknown-home-hint = { $path } does not exist: if users were added before, with another HOME or by another system user, use --database with that file
user-unknown = there is no user { $user } in { $path }

## wechat
wechat-allow-ip-hint = add { $ip } to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again
wechat-answer-lacks = { $field } is missing
wechat-answer-not-json = the response is not JSON
wechat-answer-redirect = the response is a redirect, which wxbox does not follow
wechat-answer-status = the response is an HTTP error
wechat-answer-too-long = the response is too long
wechat-bad-answer = the response of { $host } is not from WeChat (HTTP { $status }): { $cause }
wechat-explain-hint = run `wxbox explain { $code }` for more
wechat-bad-answer-hint = check network.api_base and network.proxy: a proxy or firewall may have sent the response
wechat-ca-file = cannot use the CA file { $path }: { $cause }
wechat-ca-file-empty = the file contains no certificates
wechat-ca-variable = cannot use the CA certificates in { $path }, which { $name } names: { $cause }
wechat-certificate-early = the certificate is not valid yet by the clock of this machine ({ $now })
wechat-certificate-expired = the certificate has expired by the clock of this machine ({ $now })
wechat-certificate-hint = if a proxy or firewall inspects TLS, set network.ca_file to its CA certificate (PEM)
wechat-certificate-name = the certificate is for another name
wechat-certificate-unknown = wxbox does not trust the authority that signed the certificate
wechat-clock-hint = check the clock of this machine with `date`: with a wrong clock, valid certificates are rejected
wechat-files-hint = raise the limit of open files (`ulimit -n`, or LimitNOFILE= of a systemd unit)
wechat-requires-custom = customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
wechat-requires-followers = the follower list and the data of followers are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
wechat-requires-subscribe = subscription notifications are for verified (已认证) service accounts (服务号)
wechat-requires-template = template messages are for verified (已认证) service accounts (服务号) and for test accounts (测试号)
wechat-threads-hint = raise the limit of threads (`ulimit -u`, --pids-limit of a container, or TasksMax= of a systemd unit); nothing was queued
wechat-no-answer = no response from { $host }: { $cause }
wechat-no-client = cannot create an HTTP client: { $cause }
wechat-passes-hint = wait a minute, then try again: this error is usually temporary
wechat-refreshed-hint = run `wxbox doctor` if the error persists: wxbox gets a new access token automatically
wechat-no-host = network.api_base contains no host
wechat-not-sent = cannot reach { $host }: { $cause }
wechat-not-sent-hint = check the network, network.api_base and network.proxy
wechat-not-sent-local-hint = start `wxbox sandbox`, or correct network.api_base
wechat-proxy-head = it responded with HTTP { $status } and a header of more than 8 KiB
wechat-proxy-hint = check the proxy in { $name }, or remove it
wechat-proxy-named = { $proxy } ({ $name })
wechat-proxy-no-tunnel = it does not open a tunnel
wechat-proxy-status = it responded with HTTP { $status } instead of opening a tunnel
wechat-proxy-unreadable = { $name } is not a usable proxy: use an address such as http://proxy.example.com:3128
wechat-refused = WeChat returned { $code } ({ $errmsg })
wechat-refused-bare = WeChat returned { $code }
wechat-refused-meaning = WeChat returned { $code } ({ $errmsg }): { $meaning }
wechat-secret-hint = compare the AppSecret in { $from } with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working
wechat-secret-odd-hint = copy the whole AppSecret to { $from } again: it has 32 digits 0-9 and a-f; no reset is needed
wechat-timed-out = timed out
wechat-via = through the proxy { $proxy }: { $cause }
