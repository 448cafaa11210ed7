### Every text that a person reads, in English. The id says where it is used: room, thing, part.
### Sections stand in alphabetical order of their rooms.

## backup
backup-beside = { $file } is the name of a file that belongs to the database itself
backup-dir = { $file } is a directory: name the file that is to be written
backup-done = copied the database to { $file }
backup-exists = { $file } exists already
backup-exists-hint = --force replaces it, once the new copy is whole
backup-itself = { $file } is the database itself
backup-other = { $file } is not a backup of wxbox: --force does not replace it
backup-other-hint = name another file, or remove that one first
backup-special = { $file } is not a regular file
backup-word = { $file } looks like a word, not like the name of a file
backup-word-hint = to write a file of that name: wxbox backup ./{ $file }; to restore a backup: `wxbox help recovery`

## batch
batch-file = cannot read { $path }
batch-field = a message has no field "{ $field }"; its fields are { $fields }
batch-field-near = a message has no field "{ $field }"; did you mean "{ $near }"?
batch-file-named = a line of a batch cannot name a file with @
batch-file-named-hint = `wxbox media upload FILE` prints a media_id for it
batch-json = it is not a message as JSON: { $cause } at column { $column }
batch-key = its key is empty: name one, or leave it out
batch-left = { $taken ->
    [0] no line of { $file } was taken; give it again
   *[other] the lines of { $file } up to { $taken } were taken, those behind were not: `tail -n +{ $next } { $file } | wxbox send --batch -` goes on with them
}
batch-left-stdin = { $taken ->
    [0] no line was taken; give them again
   *[other] the lines up to { $taken } were taken, those behind were not: give them again
}
batch-line = line { $line }: { $error }
batch-long = the line is longer than { $limit } bytes
batch-not-object = "{ $field }" must be an object
batch-not-text = "{ $field }" must be text
batch-object = it is not a message: it must be a JSON object
batch-read = the lines cannot be read further
batch-utf8 = it is not UTF-8
batch-what = it needs "text", or "template" with its "data" and "url", or "message"
batch-whom = it needs either "user" or "openid"

## bind (terminal)
bind-already = { $user } is bound already, to { $openid }
bind-already-hint = --rebind replaces the binding
bind-bound = bound { $user } to { $openid }
bind-bound-name = bound { $user } to { $openid } ({ $name })
bind-elsewhere = the phone came back with the right state, but to another path than that of redirect_uri, and was turned away: a web server or tunnel changes the path; let it pass the path on as it is
bind-follow-no-code = no code to follow the account by: { $cause }
bind-follow-not = { $user } does not follow the account yet: until then, no message can arrive
bind-follow-otherwise = Next step: let { $user } find the account in WeChat by its name, and follow it.
bind-follow-pause = Then press Enter for { $user }:
bind-follow-phone = The page on the phone shows the code, too.
bind-follow-scan = Next step: scan this code with WeChat, as { $user }, and follow the account. The code is good for a day.
bind-follow-unknown = whether { $user } follows the account is not known: { $cause }
bind-follow-visit = Next step: open that URL in WeChat, as { $user }, and follow the account. It is good for a day.
bind-left = bound { $bound } of { $count }; not bound: { $users }
bind-left-hint = `wxbox bind --unbound` goes on with everybody who is not bound yet
bind-listen = { $address } is not an address to listen on
bind-listen-hint = give a host and a port, such as 0.0.0.0:80 or :8080
bind-meanwhile = { $user } was bound by another wxbox in the meantime
bind-no-nickname = the nickname could not be read: { $cause }
bind-nobody-left = Nobody is left to be bound.
bind-none = bound none of { $count }: { $users }
bind-open = cannot serve the callback
bind-opened = a phone has opened the short link, and was sent on to WeChat
bind-openid-several = --openid binds one person, not several
bind-openid-several-hint = bind them one by one, or give everybody an openid in a file for `wxbox user import`
bind-password-first = the first line of standard input must be the password, not empty
bind-password-missing = { $user } has a password, and nobody can be asked for it
bind-password-missing-hint = use --password-stdin, or --as-admin to go without
bind-password-prompt = Password of { $user }
bind-password-several = --password-stdin gives one password, and several people are to be bound
bind-password-several-hint = use --as-admin to go without, or bind them one by one
bind-password-wrong = this is not the password of { $user }
bind-password-wrong-hint = --as-admin goes without it; `wxbox user passwd` sets another
bind-paste-address-hint = it begins with { $uri } and holds code=… and state=…; paste it as it is
bind-paste-again-hint = scan the code again, and paste the new address within five minutes
bind-paste-awaited = Standard input is to give the address that the phone is sent to: one line.
bind-paste-bad-code = what this address holds as its code cannot be one of WeChat's
bind-paste-end = standard input ended, and gave no address for { $user }
bind-paste-end-hint = give the whole address that the phone was sent to, in one line
bind-paste-how = Then the phone is sent to { $uri }…, which need not open: there, choose ··· and Copy Link, and paste the address here.
bind-paste-no-address = this is not an address that WeChat sent a phone to
bind-paste-no-code = this address holds no code
bind-paste-no-code-hint = it is where the phone was before: tap Allow first, then copy the address that comes after it
bind-paste-prompt = Address:
bind-paste-refused = WeChat refuses the code of this address (errcode { $errcode }): it is not the account's, or older than five minutes
bind-paste-snapshot = this address is of a snapshot page: it stands for nobody, and no message could arrive
bind-paste-snapshot-hint = tap “Use full service” on the phone, then scan the code again
bind-paste-state = this address belongs to another binding: its state is not the one of the code above
bind-paste-state-hint = scan the code that is shown now; an address of an earlier one is of no use any more
bind-paste-torn = this address was not copied whole: its state is missing, cut off or longer than it should be
bind-paste-torn-hint = copy it whole, from http to the end of state=…, in one line
bind-paste-unreachable = the code of this address could not be checked: { $cause }
bind-paste-unreachable-hint = paste the address once more in a moment; if the code is used up by then, scan again
bind-paste-used = the code of this address was used already
bind-port = cannot listen on { $address }
bind-port-denied-hint = ports below 1024 need a right: run `sudo setcap cap_net_bind_service=+ep` on the wxbox program, or pass the port on from a web server and set --listen
bind-port-elsewhere-hint = this machine has no such address: --listen 0.0.0.0:{ $port } listens on all that it has
bind-port-hint = another program has this port: stop it, or choose another with --listen (redirect_uri must lead there)
bind-qr-file = { $path } is neither a .png nor a .svg file
bind-qr-file-drawn = The code is in { $path }.
bind-qr-file-failed = cannot draw the code in { $path }
bind-qr-file-hint = the ending says what is drawn: --qr-file code.png or --qr-file code.svg
bind-qr-narrow = the code needs a window of { $need }, this one is { $have }: run this again in a larger one or with smaller letters
bind-qr-short = the code needs a window of { $need }, this one is { $have }: enlarge it or make the letters smaller, or open the URL above in WeChat
bind-qr-too-long = the URL is too long for a QR code
bind-refused = refused a request: { $why }
bind-refused-all = { $count ->
    [one] one request was refused: { $reasons }
   *[other] { $count } requests were refused: { $reasons }
}
bind-refused-body = its body is too large
bind-refused-busy = there were too many at a time
bind-refused-certificate = the client does not trust the certificate of listen.tls_cert
bind-refused-coding = its body has a coding that is not read
bind-refused-each = { $count } × { $why }
bind-refused-expectation = it expects something else than 100-continue
bind-refused-framing = how long its body is cannot be told
bind-refused-head = its header is too large (cookies of the domain, perhaps)
bind-refused-host = it has no Host header, or several
bind-refused-http-to-tls = it came by http, and this listener speaks https
bind-refused-lines = it has too many header lines
bind-refused-not-http = it is not HTTP/1
bind-refused-slow = it was not complete in time
bind-refused-status = { $why } (HTTP { $status })
bind-refused-tls = TLS could not be agreed on
bind-refused-tls-to-http = it came by https, and this listener speaks http
bind-scan = Scan the code with WeChat, or open the URL there, as { $user }.
bind-shared = { $user } shares this openid with { $others }
bind-shared-unknown = { $user } is bound; whether others have this openid, too, could not be found out: { $cause }
bind-short-link = Short link: { $link }
bind-short-needed = The window is too small for the code of that URL: this one is of a short link to this machine, { $link }
bind-so-far = { $bound ->
    [0] None of the { $count } is bound.
   *[other] { $bound } of { $count } are bound, and stay so.
}
bind-timeout = nobody bound { $user } within { $time }
bind-timeout-hint = run it again; --timeout gives more time; if the phone showed an error, redirect_uri may not be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) or may not reach this machine (on a cloud server, open the port in its security group)
bind-timeout-refused-hint = run it again with -v, which says of each request why it is refused; --timeout gives more time
bind-turn = { $place } of { $count }: { $user }
bind-turned-away = turned away a call: { $why }
bind-unreachable = the phone called back, but its code could not be checked: { $cause }; the phone was told to try again
bind-visit = Open the URL in WeChat, as { $user }.
bind-waiting = waiting for the phone,

## callback (pages on the phone)
callback-account-title = Binding failed
callback-account-why = WeChat refused this Official Account's settings, so your authorization could not be checked.
callback-again-todo = Scan the QR code or open the link again in WeChat, and authorize once more.
callback-bad-code-title = Invalid authorization
callback-bad-code-why = This is not an authorization that WeChat issued.
callback-bound-nickname = WeChat name
callback-bound-title = Binding complete
callback-bound-todo = You can close this page now.
callback-bound-user = User
callback-bound-why = This WeChat account will receive the messages sent to:
callback-follow-picture = QR code of the account
callback-follow-search-todo = Find the account in WeChat by its name, and follow it.
callback-follow-title = One step left: follow the account
callback-follow-todo = Press and hold the code, then choose “Extract QR Code”, and follow the account.
callback-follow-unknown-todo = If you do not follow the account yet, follow it now: before that, no message can arrive.
callback-follow-why = You are bound, but messages can only arrive once you follow the account.
callback-log-bad-code = a code that cannot be WeChat's
callback-log-elsewhere = the right state, but another path than that of redirect_uri
callback-log-method = not a GET request
callback-log-no-code = the right state without a code (a link checker, perhaps)
callback-log-path = another path than that of redirect_uri
callback-log-refused = WeChat refused the code (errcode { $errcode })
callback-log-repeated = state or code given more than once
callback-log-snapshot = a snapshot page's virtual user
callback-log-state = a wrong or missing state
callback-log-taken = another code after the binding was done
callback-log-used = WeChat says that the code was used already
callback-method-title = Not available this way
callback-method-why = This address only takes people who come back from authorizing in WeChat.
callback-new-link-todo = Ask your administrator for a new QR code, then scan it with WeChat.
callback-no-code-title = Not authorized yet
callback-no-code-why = This page was opened without an authorization from WeChat.
callback-no-code-todo = Scan the QR code or open the link in WeChat, and allow the access it asks for.
callback-no-randomness = the operating system gives no random numbers
callback-operator-todo = Please tell your administrator, who has to fix this. Then scan a new QR code.
callback-path-title = Nothing here
callback-path-why = There is no page at this address.
callback-refused-title = Authorization expired
callback-refused-why = WeChat did not accept this authorization. It has probably expired.
callback-repeated-title = Invalid request
callback-repeated-why = Part of the address was there twice.
callback-scan-todo = Scan the QR code with WeChat, or open the link there.
callback-snapshot-title = Full service needed
callback-snapshot-why = You opened a snapshot page. WeChat gave a temporary identity, which cannot receive messages.
callback-snapshot-todo = Tap “Use full service” at the bottom right of the page, then scan the QR code again.
callback-state-title = Link not valid
callback-state-why = Nothing is waiting for this authorization. The link has expired, or it belongs to another binding.
callback-taken-title = Link already used
callback-taken-why = This link has bound somebody already, and works only once.
callback-unkept-title = Binding not saved
callback-unkept-why = WeChat confirmed who you are, but the server could not save the binding.
callback-unreachable-title = WeChat cannot be reached
callback-unreachable-why = The server could not ask WeChat just now, so you are not bound yet.
callback-unreachable-todo = Reload this page in a moment.
callback-used-title = This code was used already
callback-used-why = Each authorization works only once, and this one has been used.

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
cli-expected-positive = use a time longer than 0
cli-expected-shorter = use at most 100 years
cli-expected-span = use a number with a unit, such as 90s, 5m, 24h or 30d
cli-expected-template-number = use a number such as 43216, or letters and digits
cli-expected-whole = use a whole number
cli-help-hint = run `{ $command } -h` to see how to use it
cli-invalid = the command line is not valid
cli-missing = { $arg } is missing
cli-missing-bind-user = the user is missing: use --user NAME, or --unbound for all unbound users
cli-missing-content = the message is missing: use a text, - for standard input, --template T or --image FILE
cli-missing-one-of = one of these is missing: { $args }
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
cli-value-missing = { $arg } needs a value
cli-value-possible = { $what }; possible values: { $values }
cli-value-refused = invalid value "{ $value }" for { $arg }: { $cause }
cli-value-surplus = { $arg } accepts no further value: "{ $value }"

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
config-expected-language = "zh" or "en"
config-expected-link = an http or https address
config-expected-path = a path in quotes
config-expected-proxy = an http or https address, such as "http://proxy.example.com:3128"
config-expected-redirect-uri = an absolute http or https address with a host, without fragment, user or password
config-expected-scope = "snsapi_userinfo" or "snsapi_base"
config-expected-table = a table
config-expected-text = text in quotes, and not empty
config-expected-time-zone = the name of a time zone in quotes, such as "Asia/Shanghai"
config-expected-timeout = a duration in quotes, more than 0, such as "10s", "5m" or "24h"
config-expected-token-endpoint = "stable" or "classic"
config-expected-whole = a whole number, 0 for no limit
config-missing-app-id = no app_id is set
config-missing-app-id-hint = set app_id in { $path }, or the variable WXBOX_APP_ID
config-missing-app-secret = no app_secret is set
config-missing-app-secret-hint = set app_secret or app_secret_file in { $path }, or one of the variables WXBOX_APP_SECRET and WXBOX_APP_SECRET_FILE
config-missing-file-hint = there is no config file yet: `wxbox init` asks for what it needs and writes { $path }
config-missing-listen-address = where to listen is not set, and redirect_uri does not tell
config-missing-listen-address-hint = use --listen, or set listen.address in { $path }: the address that the server in front passes callbacks on to, such as "127.0.0.1:8080"
config-missing-redirect-uri = no redirect_uri is set
config-missing-redirect-uri-hint = set redirect_uri in { $path }, or the variable WXBOX_REDIRECT_URI: the address that WeChat sends phones back to, such as "http://203.0.113.7/callback/"
config-no-file = the config file { $path } does not exist
config-no-file-hint = it was named by { $origin }
config-no-home = no directory is known to keep the database in: there is no home
config-no-home-hint = name the file with --database or the variable WXBOX_DATABASE
config-not-a-path = what { $from } gives is no path: it has several lines or control characters
config-not-a-path-hint = it must be the path of a file, not what is in the file
config-not-own = { $path } belongs to another user (uid { $owner }), who can change what it says
config-not-own-hint = it must belong to root or to the user that wxbox runs as: `sudo chown "$(id -un)" '{ $path }'`
config-not-unicode = the variable { $name } is not valid Unicode
config-not-utf8 = { $path }:{ $line }: not UTF-8
config-not-utf8-hint = save the file as UTF-8
config-origin-default = default
config-path-absent = { $path } does not exist yet
config-readable = everybody on this machine can read { $path }, and it holds a secret
config-readable-hint = chmod 600 '{ $path }'
config-redirect-hint = such as "http://203.0.113.7/callback/"; its domain is the 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)
config-secret-empty = the secret file { $path } is empty
config-secret-file-hint = it should hold the AppSecret and nothing else
config-secret-no-file = the file that { $from } names for the AppSecret is not there
config-secret-no-file-hint = it must be the path of a file that holds the AppSecret; the AppSecret itself belongs in app_secret or the variable WXBOX_APP_SECRET
config-secret-not-text = the secret file { $path } does not hold text
config-secret-several = what { $from } holds is not an AppSecret: it has several lines or control characters
config-secret-unreadable = cannot read the secret file { $path }: { $reason }
config-secret-unreadable-hint = the file must exist, and the user that wxbox runs as must be able to read it
config-syntax = { $path }:{ $line }:{ $column }: not TOML
config-syntax-hint = text needs quotes: key = "value"
config-syntax-twice = { $path }:{ $line }:{ $column }: not TOML: what is set here is set already further up
config-table = { $at }: { $key } must be a table, as in [{ $key }]
config-unexpanded = the path that { $from } gives has a $ or a ~ in it that only a shell would expand, and no shell reads it here
config-unexpanded-hint = write the path out; ~/ at its beginning is understood
config-twice = { $at }: { $second } says again what { $first } says
config-twice-hint = keep either { $first } or { $second }
config-unknown-key = { $at }: there is no key { $key }
config-unknown-key-hint = config.example.toml shows every key
config-unknown-key-near = did you mean { $nearest }?
config-unknown-key-top = did you mean { $nearest }? it must stand above the first [table]
config-unknown-zone = { $at }: time_zone names no time zone
config-unknown-zone-hint = zones are named by continent and city, such as "Asia/Shanghai" or "Europe/Berlin"; the directories below /usr/share/zoneinfo have them all
config-unreadable = cannot read the config file { $path }: { $reason }
config-unreadable-hint = the user that wxbox runs as must be able to read { $path }
config-unset = (not set)
config-value = { $at }: { $key } must be { $expected }
config-writable = others can write to { $path } (mode { $mode }), and so decide what wxbox does
config-writable-hint = chmod go-w '{ $path }'

## demo
demo-config = The config ({ $path }):
demo-directory = cannot make a directory for the demo in { $path }: { $cause }
demo-directory-hint = the variable TMPDIR names another place
demo-done = That was the whole job: a person, a binding, two messages. Everything was in { $dir }, which is removed now.
demo-failed = the demo stopped at `{ $command }` (exit status { $status })
demo-inbox = The inbox of { $person }, as the sandbox shows it at { $url }/:
demo-intro = A local stand-in for WeChat, an empty home, and the wxbox you are running.
demo-no-person = nobody was bound
demo-page = The phone shows: { $title }
demo-phone = Meanwhile the phone opens the link, and { $person } taps Allow …
demo-phone-failed = the phone could not follow the link (HTTP { $status })
demo-send-text = Hello from wxbox 你好 👋
demo-start = cannot start wxbox itself

## delivery
delivery-attempt = message { $id }: { $state }
delivery-attempts = given up after { $attempts } attempts: { $error }
delivery-broken-hint = do not send the messages again: { $sent } were sent, { $queued } stay queued for `wxbox outbox flush`, { $unknown } may have arrived. { $hint }
delivery-clock = its time is over by this machine's clock, which no other clock confirms yet: it is looked at again in a minute
delivery-expired = it could not be delivered within its time
delivery-expired-after = it could not be delivered within its time; the last answer was: { $error }
delivery-file-gone = { $file } is not kept any more, so it cannot be uploaded
delivery-locked = the database { $path } is locked by another process; { $count ->
    [one] one message is under way, and what comes of it is
   *[other] { $count } messages are under way, and what comes of them is
} written down when that process is done
delivery-no-answer-yet = interrupted before WeChat answered
delivery-no-thread = no more threads ({ $cause }): { $count } requests at a time
delivery-part-cut = message { $id }, the part before it, was not delivered
delivery-part-waits = it waits for message { $id }, the part before it
delivery-process-gone = the process that sent it ended before WeChat answered
delivery-rebound = it may have arrived where { $user } was bound before, so it is not repeated
delivery-thread = cannot start a thread
delivery-unbound = { $user } is not bound any more
delivery-unrecorded = message { $id } was tried (now { $state }), and that could not be written down: { $cause }
delivery-upload = cannot upload { $file }: { $error }

## doctor, init (with the rules for redirect_uri)
doctor-api-followers = the list of followers
doctor-api-people = followers one by one
doctor-api-templates = template messages
doctor-api-texts = customer-service messages
doctor-apis-denied = the account may not use: { $apis }
doctor-apis-fix = WeChat grants these to verified accounts (已认证) and to test accounts; see 微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度
doctor-apis-none = the account may send neither template messages nor customer-service messages
doctor-apis-unknown = WeChat does not tell which APIs the account may use
doctor-apis-used-up = no calls are left today: { $apis }
doctor-apis-used-up-fix = the counters begin anew after midnight in China; `wxbox quota clear` does it now, ten times a month
doctor-app-id-fix = an app id is wx and 16 digits 0-9 and a-f; compare app_id with the account's page
doctor-app-id-odd = { $app_id } does not look like an app id
doctor-blind = nothing else was looked at: all of it needs a config that can be read
doctor-callback = { $uri } leads here
doctor-callback-broken = the connection broke
doctor-callback-failed = { $uri } cannot be opened: { $cause }
doctor-callback-far = { $uri } is not an address of this machine, and cannot be opened from here: { $cause }
doctor-callback-far-fix = on a cloud server, open TCP { $port } in its security group, and look at the system's own firewall; at home or in an office, if a router passes the port on to this machine, it may only lack the way back to itself (NAT loopback): run `wxbox bind` and open the address with a phone on mobile data
doctor-callback-name-fix = the name in redirect_uri must lead to this machine, or to the server that passes callbacks on
doctor-callback-other = something else answers at { $uri } (HTTP { $status })
doctor-callback-other-fix = let the server or tunnel that answers there pass that path on to { $address }, query and all
doctor-callback-own-fix = redirect_uri leads to this machine, but not to where bind listens ({ $address }): compare the ports, and look at the system's firewall (firewalld, ufw) and, on a cloud server, its security group
doctor-callback-router-fix = if a router passes the port on to this machine, it may only lack the way back to itself (NAT loopback), and answer itself; else let what answers there pass that path on to { $address }. A phone on mobile data tells, while `wxbox bind` waits
doctor-callback-tls-fix = the certificate must be one that phones trust, for the very name in redirect_uri, with its whole chain
doctor-clock = this clock agrees with { $host }
doctor-clock-ahead = this clock is { $time } ahead of { $host }
doctor-clock-behind = this clock is { $time } behind { $host }
doctor-clock-fix = set the clock, and let it be kept: `timedatectl set-ntp true`
doctor-config-none = there is no config file ({ $path })
doctor-config-none-fix = `wxbox init` writes one
doctor-credentials = { $app_id }; the AppSecret is from { $from }
doctor-damaged = the database { $path } is damaged: { $cause }
doctor-database = { $path } is sound (schema { $schema })
doctor-database-cannot = { $path } cannot be made: { $dir }: { $cause }
doctor-database-cannot-fix = name another file with --database, the variable WXBOX_DATABASE or the key database, in a directory that wxbox may write to
doctor-database-large = { $path } was not read to its end in { $seconds } seconds; what was read is sound
doctor-database-large-fix = `wxbox outbox prune --older-than 30d` makes it smaller; if it is small, the disk is very slow
doctor-database-none = { $path } is not there yet; the first command that needs it makes it
doctor-database-old = { $path } is sound; the next command brings its schema from { $found } to { $known }, and leaves a copy beside it
doctor-database-open = others can read or write { $path }, which holds tokens and openids
doctor-database-open-fix = chmod o-rwx '{ $path }'
doctor-dir-writable = others can write to { $dir }, and so put another file in the place of { $file }
doctor-failures = { $failures ->
    [one] one failure
   *[other] { $failures } failures
}, { $warnings ->
    [0] no warning
    [one] one warning
   *[other] { $warnings } warnings
}
doctor-ip-list = WeChat takes calls from this machine
doctor-late = no answer within { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
doctor-late-fix = something on the way neither works nor says no: a network, a disk, or a lock that another process holds
doctor-looking = looking,
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
doctor-name-redirect-uri = redirect_uri
doctor-name-space = disk space
doctor-name-templates = templates
doctor-name-tls = TLS
doctor-name-token = token
doctor-name-unknown = there is no such name
doctor-names = found { $names }
doctor-names-failed = cannot look up { $name }: { $cause }
doctor-names-fix = check the network and /etc/resolv.conf; behind a proxy set network.proxy
doctor-names-none = there is none to look up
doctor-names-proxy = left to the proxy
doctor-outbox-empty = nothing is queued
doctor-outbox-overdue = { $count ->
    [one] one message has been due for { $age }
   *[other] { $count } messages are due, the first for { $age }
}, and nobody delivers
doctor-outbox-overdue-fix = let cron or a timer run `wxbox outbox flush` every few minutes
doctor-outbox-queued = { $count ->
    [one] one message is queued
   *[other] { $count } messages are queued
}, the oldest for { $age }
doctor-outbox-unknown = { $count ->
    [one] one message of the last day may or may not have arrived
   *[other] { $count } messages of the last day may or may not have arrived
}
doctor-outbox-unknown-fix = `wxbox outbox list --state unknown` shows them; `wxbox outbox retry --unknown` sends them again, and some people may get theirs twice
doctor-permissions = nobody else can read or replace what is secret
doctor-permissions-none = { $path } is on a file system without modes: whoever may use that mount can read it
doctor-port = { $address } is free
doctor-port-fix = another program has it, perhaps a `wxbox bind`: stop it, or set listen.address to another port, which redirect_uri must lead to
doctor-proxy-failed = cannot connect to { $proxy }: { $cause }
doctor-proxy-none = none
doctor-redirect = { $uri }; WeChat's console must have { $enter } under 网页授权域名
doctor-redirect-fix = change redirect_uri
doctor-redirect-near = { $uri }: only phones in the same network reach it; the test account's page must have { $enter } under 网页授权获取用户基本信息
doctor-redirect-real = { $uri }: by its call limits this is a real account, and there phones get error 10003: { $why }
doctor-redirect-real-fix = redirect_uri must be on a domain with ICP filing that is entered under 网页授权域名 (设置与开发 → 账号设置 → 功能设置), without a port
doctor-redirect-sandbox = { $uri }; the sandbox takes any
doctor-redirect-test = { $uri }; the test account's page must have { $enter } under 网页授权获取用户基本信息
doctor-redirect-test-only = { $uri } is for a test account alone: { $why }
doctor-redirect-test-only-fix = with a test account enter { $enter } under 网页授权获取用户基本信息; with a real one use a domain with ICP filing
doctor-secret-fix = an AppSecret has 32 digits 0-9 and a-f: copy it again, whole; a reset would end it for every other program that uses it
doctor-secret-odd = what { $from } holds does not look like an AppSecret
doctor-skipped = not looked at, since something before failed: { $names }
doctor-space = { $free } are free in { $dir }
doctor-space-fix = make room: with a full disk no message can be queued
doctor-templates = the account has { $count ->
    [one] the one of the alias
   *[other] those of all { $count } aliases
}
doctor-templates-fields = the template of { $name } has no { $fields }, which the alias fills
doctor-templates-fields-fix = its fields are { $fields }: mend [templates.{ $name }.data]
doctor-templates-none = no aliases
doctor-templates-values = { $name }: { $findings }
doctor-templates-values-fix = mend [templates.{ $name }.data]; `wxbox template check { $name }` shows what people would see
doctor-tls = { $hosts } can be reached, the certificate is good
doctor-tls-none = { $hosts } can be reached, without TLS
doctor-token = WeChat takes the app id and the AppSecret
doctor-token-kept = the kept token is good until { $time }; the AppSecret was not tried, since a new token would end it for others (token_endpoint = "classic")
doctor-warnings = { $warnings ->
    [one] all works; one warning
   *[other] all works; { $warnings } warnings
}
doctor-well = all is well
init-again = Try again?
init-all-the-same = Write the config all the same?
init-app-id = App id
init-begin = This writes { $path }. Ctrl-C leaves without a trace.
init-ca-file = CA certificate file (PEM), or Enter if there is none
init-ca-file-hint = if a proxy or firewall inspects TLS here, --ca-file names the file with its CA certificate (PEM)
init-ca-file-not-utf8 = the path { $path } is not UTF-8, so no config can hold it
init-cannot-write = cannot write { $path }: { $cause }
init-cannot-write-hint = name another place with -c or the variable WXBOX_CONFIG
init-app-id-again = type it again, or Enter if it is right
init-cancelled = cancelled, nothing was written
init-console = Now enter { $enter } in WeChat's console: for a test account under 网页授权获取用户基本信息, for a real one under 网页授权域名.
init-console-test = Now enter { $enter } in WeChat's console under 网页授权获取用户基本信息. That is for a test account alone: { $why }.
init-redirect-scheme = http:// is missing; press Enter to take it with http://
init-expected-app-id = an app id, such as wx3d0d44e8d59b5b8c
init-expected-listen = a host and a port, such as 127.0.0.1:8080 or :8080
init-expected-redirect = an http or https address with a host, such as http://203.0.113.7:8080/callback/
init-expected-sandbox = the address of a sandbox, such as http://127.0.0.1:8899
init-exists-hint = --force replaces it; it is kept as FILE.bak
init-file-header =
    wxbox: a config file with every key, written by `wxbox init`. Only you can read it, and so it should stay: it
    holds the account's secret. `wxbox doctor` says whether all is well.

    A line that is commented out shows an example of a key that has no fixed default; every other line that is not
    an answer of yours shows the default and may be left out.
init-kept = what was there is kept as { $path }
init-listen = Listen on
init-listen-missing = redirect_uri is https, so bind must be told how to listen: set listen.address in the config, to where a web server or tunnel passes callbacks on, or listen.tls_cert and listen.tls_key, with which it speaks HTTPS itself
init-missing = nobody can be asked, and these are missing: { $options }
init-missing-hint = give them as options, the secret by WXBOX_APP_SECRET or on standard input; in a terminal `wxbox init` asks for them
init-missing-secret = --secret-stdin (or the variable WXBOX_APP_SECRET)
init-must-be = it must be { $expected }
init-near = The address below is this machine's in its local network: only phones in that network reach it, which will do for a test account. On a cloud server, enter its public IP instead, and open the port in its security group. A real account needs a domain with ICP filing, such as https://wx.example.com/callback/.
init-next = Next:
init-nothing = nothing was changed
init-nothing-written = nothing was written: { $cause }
init-others = Other addresses of this machine: { $others }
init-public = This machine is on the Internet at the address below. That will do for a test account; a real account needs a domain with ICP filing, such as https://wx.example.com/callback/.
init-redirect = Callback address
init-replace = { $path } is there already. Replace it? (It is kept as FILE.bak.)
init-secret = AppSecret (not shown)
init-secret-length = an AppSecret has 32 characters, this has { $length }
init-secret-unusable = standard input must hold the AppSecret: one line, not empty
init-trying = Asking WeChat …
init-unchecked = it is written without having worked; `wxbox doctor` tries it again
init-unreached-hint = check the network and the variable HTTPS_PROXY; --no-check writes the config without asking WeChat
init-value = { $option } must be { $expected }
init-where-app-id = App id and AppSecret: a test account (测试号, free, for everybody) has both on its page, https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login; a real account has them in 微信开发者平台 → 我的业务.
init-where-ca-file = If a proxy or firewall inspects TLS here, its CA certificate must be trusted: whoever runs it has it as a file.
init-where-listen = Where does the web server or tunnel with the https address pass callbacks on to? (Without one: :443, and then set listen.tls_cert and listen.tls_key in the config.)
init-where-redirect = Callback address: where WeChat sends a phone back to when somebody is bound. The phone must be able to open it.
init-where-sandbox = App id and AppSecret are what `wxbox sandbox` printed.
init-works = WeChat takes them.
init-written = wrote { $path }
redirect-ip = it is an IP address, which a real account does not take
redirect-local = no phone can look that name up: names without a dot, and those in .local, .lan, .internal, .test and the like, are for one network or for tests alone
redirect-loopback = it leads each phone to itself
redirect-parameter = its query has { $name }, which WeChat adds itself
redirect-port = it has a port ({ $port }), which a real account does not take
ui-level-failure = failure
ui-level-ok = ok
ui-level-warning = warning
ui-uploading = uploading { $file }
ui-verdict = { $name }: { $detail }
ui-verdict-fix = fix: { $fix }

## explain
explain-answer = Answer
explain-body = Body
explain-caller = Caller
explain-code = Code
explain-does-backoff = a message that gets it stays queued, and is tried again with growing pauses
explain-does-decline = a message that gets it has failed; a template that the person declined is left out for them where it goes to a tag or to everybody
explain-does-done = nothing: it is no error
explain-does-duplicate = a message that gets it is tried again a minute later; its own repeat counts as sent
explain-does-fail = a message that gets it has failed, and is not repeated
explain-does-fail-mark = a message that gets it has failed, and the person is marked as unreachable: messages to a tag or to everybody leave them out
explain-does-hold-day = messages that get it stay queued until the counters begin anew, after midnight in China
explain-does-page = nothing: the phone shows it, wxbox never hears of it
explain-does-refresh = a new access token is fetched, and the call made once more
explain-does-slow = a message that gets it is tried again a minute later, and so are others to the same person
explain-does-stop-kind = a message that gets it has failed, and so have all others of its kind or template in the same run
explain-does-stop-run = nothing more is sent; what is left stays queued
explain-errmsg = WeChat says
explain-hint = give an errcode such as 40164, or the rid at the end of an errmsg, such as 6aac005a-01bfdbee-79769285
explain-meaning = Meaning
explain-near = { $code } ({ $meaning })
explain-nearest = the nearest are { $codes }
explain-neither = "{ $what }" is neither an errcode nor the id of a request
explain-refused = { $rid }: { $cause }
explain-remedy = What to do
explain-time = Time
explain-unknown = wxbox does not know the errcode { $code }
explain-unknown-hint = see 通用错误码 in WeChat's documents
explain-url = Address
explain-wxbox = wxbox

## follower
follower-asking = asking WeChat for the followers
follower-list-broken = the list breaks off after { $listed } of { $total } followers
follower-list-openid = OPENID
follower-list-users = USERS
follower-none = nobody follows the account
follower-refused = { $openid }: { $cause }
follower-remark-control = the remark holds a control character
follower-remark-long = the remark has { $length } characters, { $limit } is the most
follower-remarked = the remark on { $who } is "{ $remark }" now
follower-show-follows = Follows
follower-show-language = Language
follower-show-not = no
follower-show-openid = Openid
follower-show-qr = QR scene
follower-show-remark = Remark
follower-show-scene = Came by
follower-show-since = since { $time }
follower-show-tags = Tags
follower-show-unionid = Unionid
follower-show-users = Users
follower-show-yes = yes
follower-unremarked = there is no remark on { $who } any more

## help
help-names = use one of { $names }
help-near = did you mean `wxbox help { $name }`?
help-unknown = unknown command or topic "{ $name }"
help-whole = run `wxbox help { $name }` for the complete help

## man
man-no-directory = { $path } is not a directory
man-write = cannot write { $path }
man-written = wrote { $count } manual pages to { $path }

## input
input-gbk = { $name } is not UTF-8, and what cannot be read is sent as �; it seems to be GBK: convert it, for instance with `iconv -f GBK -t UTF-8`
input-json = { $name } is not quite JSON: control characters or halves of characters in it are escaped or sent as �
input-line = the line
input-not-utf8 = { $name } is not UTF-8
input-text = the text
input-utf8 = { $name } is not UTF-8: what cannot be read is sent as �
input-value = the value of { $key }

## kind (what a message must have)
kind-hint = `wxbox send --help` shows what messages look like
kind-kinds-hint = the types are { $kinds }
kind-link-hint = write the whole address, such as https://status.example.com
kind-media-hint = `wxbox media upload FILE` prints a media_id; in a file for --message, "@FILE" names a file to upload
kind-missing = a message of the type { $kind } needs { $part }
kind-none = the message has neither msgtype nor template_id
kind-none-hint = msgtype says what it is: text, image, news, …; `wxbox send --help` shows all
kind-not-link = { $part } is not an http or https address: { $url }
kind-not-list = { $part } must be a list, and not empty
kind-not-media-id = { $part } cannot be a media_id: { $text }
kind-not-object = { $part } must be an object
kind-not-text = { $part } must be text, and not blank
kind-parts-hint = its parts are { $parts }{ $optional ->
    [0] {""}
   *[other] ; what has a ? may be left out
}
kind-too-long = { $part } has { $length } characters, { $limit } is the most
kind-too-many = { $part } has { $count } entries, { $limit } is the most that WeChat takes
kind-unknown = there is no type of message "{ $kind }"
kind-unknown-part = a message of the type { $kind } has no { $part }

## media
media-directory = { $file } is a directory
media-empty = { $file } is empty
media-file-hint = name a picture, sound or film; `send` takes the media_id of one, too
media-format = { $file } is { $found }, which WeChat does not take
media-format-kind = { $file } is { $found }, which WeChat does not take as { $kind }
media-format-none = { $file } is neither a picture nor a sound nor a film
media-formats = { $kind }: { $formats }
media-formats-hint = WeChat takes { $formats }
media-kept = WeChat keeps { $file } already, until { $time }
media-large = { $file } has { $size } bytes, { $limit } is the most that WeChat takes as { $kind }
media-large-hint = shrink it
media-no-file = { $file } is neither a file nor standard input
media-unreadable = cannot read { $file }: { $cause }

## quota
quota-clear-ask = Let all counters of { $app_id } begin at 0 again? WeChat allows that ten times a month, the console's included.
quota-clear-missing = clearing the counters, which WeChat allows ten times a month, needs --yes where nobody can be asked
quota-cleared = all counters of { $app_id } begin at 0 again; WeChat allows that ten times a month
quota-cleared-due = { $count ->
    [one] one message waited for midnight and is due now: `wxbox outbox flush` sends it
   *[other] { $count } messages waited for midnight and are due now: `wxbox outbox flush` sends them
}
quota-kept = nothing was cleared
quota-list-api = API
quota-list-left = LEFT
quota-list-limit = LIMIT
quota-list-note = NOTE
quota-list-rate = RATE
quota-list-used = USED
quota-rate = { $count } in { $seconds } s
quota-unknown = WeChat has no API { $apis }
quota-unknown-hint = give its path, such as /cgi-bin/message/custom/send
quota-unusable = "{ $api }" is not the path of an API

## sandbox (pages and terminal)
sandbox-name-text = The sandbox answers to localhost and to the address that it listens on, and to no page from elsewhere.
sandbox-name-title = Not by this name
sandbox-open = the sandbox listens on { $address }: whoever reaches it can use it
sandbox-library = Library, for `template add`
sandbox-people = People
sandbox-person-away = does not follow the account
sandbox-person-silent = follows; has not written, so takes templates but no texts
sandbox-person-wrote = follows and has just written
sandbox-person-crowd = all follow and have just written
sandbox-port-hint = a sandbox may be running there already; --listen 127.0.0.1:0 takes any free port
sandbox-stop = Ctrl-C stops it. Requests:
sandbox-templates = Templates
sandbox-subscriptions = Subscription templates
sandbox-once = once a consent
sandbox-lasts = until the consent is taken back
sandbox-named = What customer-service messages can name
sandbox-world = cannot use the world { $path }: { $cause }
sandbox-world-toml = line { $line }: { $message }
sandbox-world-value = { $key } cannot be “{ $value }”
sandbox-world-twice = { $key } “{ $value }” is there twice
sandbox-world-alone = { $key } has no meaning without { $with }
sandbox-world-several = a fault takes no more than one of { $keys }
sandbox-world-none-of = a fault takes one of { $keys }
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
sandbox-inbox-lead = A stand-in for the WeChat platform on this machine. What the account sends arrives on these phones; nothing leaves the machine.
sandbox-inbox-foot = Times are those of China, as WeChat counts them.
sandbox-switch-strict = templates as on a real account
sandbox-switch-limits = call limits of a real account
sandbox-switch-verified = a verified account: menus, typing
sandbox-switch-snapshot = links open as snapshot pages
sandbox-switch-double = callbacks come twice
sandbox-calls = Calls of today
sandbox-calls-of = { $used } of { $limit }
sandbox-clock-forward = set the clock 49 hours forward
sandbox-clear = clear all phones
sandbox-empty = nothing has arrived yet
sandbox-more-people = { $count } more people have phones: /?person=NAME shows one of them.
sandbox-faults = What goes wrong
sandbox-fault-applied = { $count ->
    [one] applied once
   *[other] applied { $count } times
  }
sandbox-follows = follows the account
sandbox-follows-not = does not follow the account
sandbox-state-open = { $left ->
    [0] follows; no more texts until this person writes again
    [one] follows; takes one more text until { $until }
   *[other] follows; takes { $left } more texts until { $until }
  }
sandbox-state-closed = follows; has not written lately, so takes templates but no texts
sandbox-state-stranger = does not follow: every message is refused
sandbox-phone-chosen = opens links
sandbox-phone-choose = open links with this phone
sandbox-follow = Follow
sandbox-unfollow = Unfollow
sandbox-say = Write to the account
sandbox-say-send = Send
sandbox-click = tap the menu
sandbox-typing = The account is typing…
sandbox-grant-give = allow
sandbox-grant-back = take back
sandbox-grant-lasts = until taken back
sandbox-grant-scene = allow one of scene 1000
sandbox-note-followed = followed the account
sandbox-note-left = unfollowed the account
sandbox-note-clicked = tapped the menu
sandbox-details = Details
sandbox-mini-program = Mini program { $target }
sandbox-repeats = { $count ->
    [one] sent again once, and dropped
   *[other] sent again { $count } times, and dropped
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
sandbox-consent-text = The account will know who you are. Choose who answers:
sandbox-consent-allow = Allow
sandbox-consent-refuse = Refuse
sandbox-refused-title = Not authorised
sandbox-refused-text = WeChat tells nobody about a refusal: the program that asked goes on waiting until its time is up. Go back to answer otherwise.
sandbox-code-title = Follow { $account }
sandbox-code-text = This is what the phone shows that scans a code of the account’s. Choose who scanned it:
sandbox-code-expired-title = The code has expired
sandbox-code-expired-text = Whoever made it has to make a new one.
sandbox-ask-title = Receive one message
sandbox-ask-text = The account may then send one message. Choose who answers:
sandbox-ask-confirm = Confirm
sandbox-ask-cancel = Cancel
sandbox-ask-action = The action must be get_confirm.
sandbox-ask-scene = The scene must be a whole number from 0 to 10000.
sandbox-ask-template = The template_id is not that of the account’s one-time subscriptions.
sandbox-ask-redirect = The redirect_url is not a web address on the account’s business domain.
sandbox-ask-reserved = What is reserved must be letters and digits, 128 at most.
sandbox-missing-title = Not here
sandbox-missing-text = The sandbox has no such page, person or form.
sandbox-foreign-title = Not from here
sandbox-foreign-text = This form was sent by a page that is not the sandbox’s own.
sandbox-link-title = WeChat cannot open this link
sandbox-link-title-number = Error { $code }
sandbox-link-10003 = The redirect_uri is not an address on the account’s authorised domain.
sandbox-link-10005 = The scope is neither snsapi_base nor snsapi_userinfo.
sandbox-link-10006 = Only those who follow a test account can authorise. Follow it first, or make it a verified account on the sandbox’s page.
sandbox-link-10010 = The scope is empty.
sandbox-link-10011 = The redirect_uri is empty.
sandbox-link-10012 = The appid is empty.
sandbox-link-appid = The appid is not that of this sandbox’s account.
sandbox-link-order = The parameters must be appid, redirect_uri, response_type, scope, state, in this order.
sandbox-link-encoding = The redirect_uri must be percent-encoded, once.
sandbox-link-response-type = The response_type must be code.
sandbox-link-state = The state must be letters and digits, 128 at most.
sandbox-line-unknown = unknown to the sandbox
sandbox-line-fault = fault: { $fault }
sandbox-lines-left-out = { $count ->
    [one] one request is not listed: its line was not read in time
   *[other] { $count } requests are not listed: their lines were not read in time
}
sandbox-listening =
    The WeChat sandbox is at { $url }
      app_id      { $app_id }
      app_secret  { $app_secret }

## run
run-bad-interpreter = bad interpreter { $interpreter }
run-cannot-report = nobody will be told how the command ends: { $cause }
run-interpreter-crlf-hint = the lines of the script end as on Windows (CR LF): convert it, such as by `sed -i 's/\r$//' { $file }`
run-interpreter-hint = a script begins with the name of its interpreter, such as #!/bin/sh
run-interpreter-missing-hint = install the interpreter, or correct the first line of { $file }
run-names = known are { $names }
run-not-reported = nobody was told how the command ended: { $cause }
run-not-started = cannot run { $program }: { $cause }
run-result-bad = failed
run-result-good = succeeded
run-stdin = standard input is the command's own
run-stdin-hint = give the text with --text TEXT, or the fields in a file
run-stranger = {"{"}{ $name }{"}"} stands for nothing, and is sent as it is
run-text-bad = Failed (status { $status }) on { $host } after { $duration }: { $program }
run-text-good = Succeeded (status 0) on { $host } after { $duration }: { $program }
run-text-not-started = Not started (status { $status }) on { $host }: { $program }: { $cause }
run-text-signal = Ended by { $signal } (status { $status }) on { $host } after { $duration }: { $program }

## store
store-absent = there is no database at { $path }, which { $from } names
store-absent-default = there is no database at { $path }
store-absent-hint = `wxbox user add` and `wxbox user import` make one; if there should be one, name the right file with --database, the variable WXBOX_DATABASE or the key database
store-busy = the database { $path } is locked by another process
store-busy-hint = wait until the other wxbox, backup or sqlite3 is done with it, then try again; `fuser -v FILE` shows which process has it
store-corrupt = the database { $path } is damaged
store-corrupt-hint = `wxbox help recovery` says how to save what is in it, and how to restore a backup; the damaged file was left as it is
store-corrupt-log = the write-ahead log { $path } is damaged
store-foreign-log = the write-ahead log { $path } does not belong to the database { $database }
store-foreign-log-hint = if the database was replaced by a copy, move { $path } out of its directory; else `wxbox help recovery`; both files were left as they were
store-foreign = { $path } is the database of another program
store-hard-links = the database { $path } has more than one name (hard links)
store-hard-links-hint = each name would have a log of its own, which damages the database: keep one name (`find / -xdev -samefile { $path }` shows all), or use a symbolic link
store-full = the disk of the database { $path } is full
store-full-hint = make room on that disk, then try again
store-made = made a new database at { $path }
store-newer = the database { $path } is of a newer wxbox (schema { $found }, this one knows { $known })
store-newer-hint = use the newer wxbox, or name another file with --database
store-not-a-database = { $path } is not a database
store-not-a-database-hint = name the right file with --database, the variable WXBOX_DATABASE or the key database; if it was a database once: `wxbox help recovery`; this file was left as it was
store-not-ours-hint = name the right file with --database, the variable WXBOX_DATABASE or the key database; this one was left as it is
store-open = cannot open the database { $path }: { $cause }
store-open-hint = the user that wxbox runs as must be able to write the file and its directory
store-read-only = the database { $path } cannot be written
store-read-only-hint = check the mode of the file and its directory, and whether the file system is mounted read-only
store-sqlite = the database { $path } failed: { $cause }
store-unreleased = the database { $path } is of a development build from before the first release
store-unreleased-hint = save the people with `wxbox user export` of that build, move the file away, then `wxbox user import`

## outbox
outbox-after = After
outbox-attempts = Attempts
outbox-attempt = attempt { $n }
outbox-attempt-ambiguous = no usable answer from { $host }: it may have arrived
outbox-attempt-line = { $time } to { $openid }: { $outcome }
outbox-attempt-not-sent = no connection to { $host }
outbox-attempt-open = under way
outbox-attempt-accepted = accepted
outbox-cancel-left = { $count ->
    [one] one message is just being sent, and stays
   *[other] { $count } messages are just being sent, and stay
}
outbox-cancel-none = nothing is queued
outbox-cancel-sending = message { $id } is just being sent: it may arrive
outbox-cancel-sending-hint = `wxbox outbox show { $id }` tells what became of it
outbox-cancel-state = message { $id } is { $state }, not queued
outbox-cancel-state-hint = only queued messages can be cancelled
outbox-cancelled = cancelled message { $id } to { $to }
outbox-cancel-unknown = message { $id } to { $to } is not repeated any more; it may have arrived before
outbox-content = Content
outbox-created = Created
outbox-due = Next try
outbox-error = Error
outbox-expires = Expires
outbox-flush-none = nothing is due
outbox-flush-waits = { $count ->
    [one] nothing is due yet: one message waits
   *[other] nothing is due yet: { $count } messages wait
}, the next is due { $due }
outbox-flush-stuck = { $count ->
    [one] nothing is due: one message waits
   *[other] nothing is due: { $count } messages wait
} for another; `wxbox outbox list --state queued` shows why
outbox-hint = Hint
outbox-id = ID
outbox-lost = { $count ->
        [one] one message has failed, expired or become unknown
       *[other] { $count } messages have failed, expired or become unknown
    } within { $limit }
outbox-lost-hint = `wxbox outbox list --state failed --state expired --state unknown` shows which, and why
outbox-more = these are { $shown } of { $all } messages; `--limit 0` shows all
outbox-msgid = Message id
outbox-none = no messages yet; `wxbox send` sends one
outbox-none-match = no message is like that; `wxbox outbox list` shows the newest
outbox-oldest = oldest queued
outbox-oldest-since = { $age }, since { $time }
outbox-openid = Openid
outbox-rid = Request id
outbox-pruned = removed { $count ->
    [one] one message
   *[other] { $count } messages
}
outbox-removed = removed with the person
outbox-retry-gone = message { $id } cannot be sent again, since the person was removed and what it said with them
outbox-retry-key = message { $id } is not sent again: message { $other } has its key
outbox-retry-moved = message { $id } goes to the WeChat account that the person is bound to now ({ $openid })
outbox-retry-none = nothing to deliver once more
outbox-retry-repeats = { $count ->
    [one] message { $ids } may have arrived already: it may arrive twice
   *[other] these messages may have arrived already, and may arrive twice: { $ids }
}
outbox-retry-sent = WeChat has taken message { $id }; send it as a new one if it is to arrive twice
outbox-retry-unbound = message { $id } cannot be sent again: the person is not bound
outbox-retry-unbound-hint = bind the person with `wxbox bind --user NAME`, then retry
outbox-sent = Sent
outbox-state = State
outbox-state-said = { $state }
outbox-template = Template { $id }
outbox-to = To
outbox-too-old = the oldest queued message has waited for { $age }, longer than { $limit }
outbox-too-old-hint = `wxbox outbox list --state queued` shows what waits, and why
outbox-type = Type
outbox-unknown = there is no message { $id }
outbox-unknown-hint = `wxbox outbox list` shows the newest

## papers (what the listener shows of itself)
papers-bad-key = the key in { $path } cannot be used
papers-denied-hint = let the user that runs wxbox read { $path }, for instance through its group
papers-encrypted-key = the key in { $path } is encrypted, and nobody can be asked for its password
papers-encrypted-key-hint = `(umask 077; openssl pkey -in '{ $path }' -out '{ $path }.plain')` writes it without one; name that file in listen.tls_key
papers-faulty = { $key }: cannot use { $path }: { $cause }
papers-http = { $uri } is plain http, but listen.tls_cert lets the listener speak HTTPS alone: phones will not get through
papers-http-hint = begin redirect_uri with https, or remove listen.tls_cert and listen.tls_key
papers-mismatch = the key in { $key } is not that of the certificate in { $certificate }
papers-mismatch-hint = the first certificate of the file must be this server's own, and the key the one that it was made for
papers-no-certificate-hint = listen.tls_cert is a PEM file: -----BEGIN CERTIFICATE-----, this server's own first, then its chain, such as fullchain.pem
papers-no-key-hint = listen.tls_key is a PEM file with an RSA, ECDSA or Ed25519 key: -----BEGIN PRIVATE KEY-----, such as privkey.pem
papers-proof-content = { $path } does not hold the 16 characters of its name, so WeChat will not take it
papers-proof-content-hint = download it once more from WeChat's console, and keep it as it is
papers-proof-hint = listen.domain_verify_file is the file as 网页授权域名 gives it out (微信公众平台 → 设置与开发 → 账号设置 → 功能设置): MP_verify_, 16 letters or digits, .txt
papers-proof-name = { $path } cannot be WeChat's file: the name is another
papers-unreadable = { $key }: cannot read { $path }: { $cause }
papers-unreadable-hint = let { $key } name the file that is meant; a relative path begins at the directory of the config
pem-certificate-instead = it holds a certificate and no private key
pem-damaged = what begins on line { $line } is damaged
pem-damaged-hint = copy the file once more, whole and unchanged, from where it was made
pem-key-instead = it holds a private key and no certificate
pem-no-end = what begins on line { $line } has no END line
pem-no-line-ends = on line { $line } the line ends are gone: BEGIN, the data and END must each be on lines of their own
pem-no-line-ends-hint = write the file again with its line ends; where they have become \n in a variable, `printf '%b' "$PEM"` writes them
pem-nothing = there is nothing in it that begins with -----BEGIN and can be used here
pem-utf16 = it is in UTF-16
pem-utf16-hint = save it as plain text or UTF-8

## rule (values of templates)
rule-amount = an amount has up to 10 digits, with decimals, a currency sign before them and 元 behind, such as ¥12.50
rule-blank = nothing is shown for { $keys }
rule-beginning = a message that begins with a value may arrive without it: begin the template with words before { $key }
rule-broken = WeChat refuses { $key } with "{ $value }": { $rule }
rule-car-number = a number plate has up to 8 letters and digits, such as 粤A8Z888挂; the first and the last may be Chinese
rule-character-string = it has up to 32 digits, letters and symbols, no Chinese and no blanks
rule-color = WeChat shows no colours: { $keys }
rule-const = it is one of the texts that were approved with the template, up to 20 characters
rule-cut = { $key } has { $length } characters and is sent as "{ $sent }": { $rule }
rule-date = a date is written 2019年10月1日 or 2019-10-01, a time may follow, and ~ joins two
rule-decimals = WeChat has refused amounts without decimals: { $key } is { $value }
rule-doubtful = WeChat may refuse { $key } with "{ $value }": { $rule }
rule-emoji = no emoji
rule-empty = WeChat refuses { $key } when it is empty
rule-empty-doubtful = WeChat may refuse { $key }, which is empty
rule-enum = it is one of the texts that were approved with the template
rule-hidden = WeChat does not show { $keys }
rule-length = at most { $limit } characters
rule-letter = it has up to 32 letters and nothing else
rule-misspelt = WeChat may show no value for { $place }: a field is written { "{{" }key.DATA{ "}}" }, without blanks and with a keyboard for English
rule-line-break = no line breaks
rule-name = a name has up to 10 characters where one is Chinese, else up to 20 letters and symbols
rule-number = a number has up to 32 digits and may have decimals
rule-phone-number = a phone number has up to 17 digits, + and -
rule-phrase = it has up to 5 Chinese characters and nothing else
rule-short-thing = its rule is not published
rule-shown = WeChat shows { $key } as "{ $shown }": { $why }
rule-symbol = it has up to 5 symbols and nothing else
rule-thing = a thing has up to 20 characters
rule-time = a time is written 15:01 or 15:01:59, a date may stand before it (2019年10月1日 15:01), and ~ joins two
rule-too-long = WeChat refuses { $key } with { $length } characters: { $rule }

## send
did-you-mean = did you mean { $name }?
openid-unusable = "{ $openid }" cannot be an openid
openid-unusable-hint = an openid is a word of letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
openid-odd = an openid mostly has { $length } characters and begins with o; { $openid } does not
send-and-more = { $names } and { $more } more
send-cancelled = message { $id } to { $to } was cancelled
send-cancelled-why = message { $id } to { $to } was cancelled: { $error }
send-color-alone = there is no field { $key } to colour
send-data-hint = write its fields like this: { "{" }"host": "db1", "size": { "{" }"value": 3, "color": "#173177"{ "}" }{ "}" }
send-data-json = { $path } is not a JSON object of fields: { $cause }
send-data-object = it must be an object
send-data-nameless = a field has no name
send-data-value = the value of { $key } must be text, a number, or { "{" }"value": …, "color": "#RRGGBB"{ "}" }
send-duplicate = nothing sent to { $to }: message { $id } has this key, and is { $state }
send-expired-hint = if it is still of use, `wxbox outbox retry { $id }` sends it
send-failed = message { $id } to { $to } was refused: { $error }
send-fallback-fields = the template { $name } has { $count ->
    [0] no field left
   *[other] { $count } fields ({ $fields })
} for the text of --fallback
send-fallback-fields-hint = give every field but one a default in [templates.{ $name }.data]
send-fallback-missing = the text is sent without its --fallback: { $cause }
send-fallback-text = --fallback goes with a text
send-fallback-unlisted = the template of --fallback, "{ $name }", cannot be looked up, and the text is sent without it: { $cause }
send-gone = message { $id } is no longer in the outbox, since the person was removed: it may or may not have been delivered
send-given-up-hint = wxbox does not try it again by itself; `wxbox outbox retry { $id }` does
send-refused-hint = after that, `wxbox outbox retry { $id }` sends it
send-removed = message { $id } was not sent, since the person was removed
send-unbound = nothing was sent to { $user }: the binding was changed or removed meanwhile
send-field-near = { $key } (did you mean { $near }?)
send-fields-hint = its fields are { $fields }; `wxbox template show { $name }` shows them in place
send-fields-missing = nothing is given for { $fields } of the template { $name }
send-fields-missing-too = nothing is given for { $fields }
send-fields-strict-hint = without --strict this is a warning; `wxbox template check { $name } --data …` shows what people would see
send-fields-unknown = { $count ->
    [one] the template { $name } has no field { $fields }
   *[other] the template { $name } has no fields { $fields }
}
send-interrupted = interrupted; { $queued ->
    [0] nothing is left queued
    [one] one message stays queued; `wxbox outbox flush` delivers it
   *[other] { $queued } messages stay queued; `wxbox outbox flush` goes on with them
}
send-file-hint = name a file, or - for standard input
send-message-hint = it is an object, such as { "{" }"msgtype": "image", "image": { "{" }"media_id": "@chart.png"{ "}" }{ "}" }; `wxbox send --help` shows more
send-message-json = { $file } is not a message as JSON: { $cause }
send-news-hint = it has title, description, url and picurl, in TOML or JSON; `wxbox send --help` shows one
send-news-toml = { $file } is not an article in TOML or JSON: { $cause }
send-split-many = the text goes in { $parts } parts, and WeChat takes { $limit } customer-service messages in a row before the person writes again
send-stopping = stopping; waiting up to two seconds for the answer under way
send-left-queued = { $queued ->
    [one] one message stays in the outbox: do not send it again, the next `wxbox outbox flush` (by hand, cron or a timer) delivers it
   *[other] { $queued } messages stay in the outbox: do not send them again, the next `wxbox outbox flush` (by hand, cron or a timer) delivers them
}
send-mistyped-option = unknown option { $option }
send-mistyped-option-hint = write a text that begins with -- as --text=TEXT
send-mistyped-option-near = did you mean { $near }? Write a text that begins with -- as --text=TEXT
send-no-tag = nobody has the tag { $tag }
send-nobody-bound = nobody is bound
send-nobody-bound-hint = `wxbox user list` shows who is bound; `wxbox bind --user NAME` binds
send-nobody-takes-template = nobody of them takes this template any more
send-declined-hint = `wxbox send --user NAME` sends it to one of them all the same
send-nobody-reachable = nobody who is bound can be reached
send-only-queued = queued message { $id } ({ $kind }) to { $to }
send-part-hint = do not send it again: it goes out by itself after message { $after }; `wxbox outbox show { $after }` tells what that one waits for
send-not-delivered = { $count ->
    [one] one message was not delivered
   *[other] { $count } messages were not delivered
}
send-queued = message { $id } to { $to } is not delivered yet and stays queued: { $error }
send-queued-until = message { $id } to { $to } is not delivered yet and stays queued until { $time }, when it is tried again: { $error }
send-queued-hint = do not send it again: the next `wxbox outbox flush` from { $time } on tries it again; `wxbox outbox retry { $id }` tries it now
send-quota-hint = do not send it again: the next `wxbox outbox flush` from { $time } on delivers it; to have it delivered now, reset the counters with `wxbox quota clear` (10 per month), then `wxbox outbox retry { $id }`
send-sent = sent message { $id } ({ $kind }) to { $to }
send-skipped-unbound = left out, since they are not bound: { $users }
send-skipped-declined = left out, since they do not take this template any more: { $users }
send-skipped-unreachable = left out, since they do not follow the account or WeChat refused messages to them (`wxbox user list` shows why): { $users }
send-strict-hint = without --strict this is a warning, and the message is sent
send-summary = of { $all } messages, { $sent } sent, { $failed } failed, { $queued } queued, { $unknown } unknown
send-unreachable-hint = `wxbox user list` shows why; `wxbox user sync` asks WeChat who follows the account again
send-tag-unreachable = nobody with the tag { $tag } is bound and reachable
send-template-unlisted = which template "{ $name }" is cannot be looked up, and nothing is queued: { $cause }
send-text-cut = the text has { $length } bytes of UTF-8 and is cut to { $limit }, the most that WeChat takes
send-text-empty = the text is empty
send-text-empty-hint = where nothing to say is no error, `ifne` (of moreutils) before wxbox runs it only where there is something
send-text-long = the text has { $length } bytes of UTF-8, { $limit } is the most that WeChat takes
send-text-long-hint = shorten it, or send a link to the whole
send-text-split-hint = shorten it, send a link to the whole, or give --split to send it in parts
send-touser = the message names { $touser } itself, and the recipient is { $openid }
send-touser-hint = leave touser out of the message
send-unchecked = the template { $name } and its fields are not checked: { $cause }
send-unchecked-secret = no template list is kept, and there is no secret to ask for one with
send-under-way = sending…
send-unknown = message { $id } to { $to } may or may not have been delivered: { $error }
send-unknown-hint = it may have arrived, so wxbox does not repeat it by itself: ask the person; if it did not arrive, `wxbox outbox retry { $id }` sends it again
send-url = { $url } is not an http or https address
send-waiting = { $error }; trying again

## user import
import-added = added { $count ->
    [one] one person
   *[other] { $count } people
}
import-column = { $file }, line { $line }, column { $column }: { $what }
import-column-twice = the column { $column } is there twice
import-column-unknown = unknown column "{ $column }"
import-column-unnamed = the header has no name for this column
import-columns = the columns are { $columns }; a CSV file names them in its first line
import-empty = { $file } is empty
import-exists-hint = nobody was added; take the line out, or import into another database with --database
import-fields = { $found ->
    [one] one field
   *[other] { $found } fields
}, but { $expected ->
    [one] one column
   *[other] { $expected } columns
}
import-fields-hint = a field with a { $separator } or a line break in it stands in double quotes
import-gbk = this is not UTF-8, but GBK by the look of it
import-hash = this begins like an Argon2id hash, but is none that can be checked
import-hashing = hashing passwords
import-json-array = { $file } is a JSON array
import-json-array-hint = `jq -c '.[]' FILE` makes JSON Lines of it, which are taken
import-json-hint = each line is one JSON object; a CSV file is read without --json
import-json-tags = tags must be a list of texts
import-json-text = this must be a text or null
import-line = { $file }, line { $line }: { $what }
import-no-column = { $file }: the table { $table } has no column { $column }
import-no-table = { $file } is an SQLite database without a table { $table }
import-no-table-hint = wxbox takes the db.sqlite3 of the original web application, CSV and JSON Lines
import-no-username = there is no column username
import-not-text = this is not UTF-8 text
import-openid = an openid needs an account
import-openid-odd = an openid mostly has 28 characters and begins with o; { $openid } does not{ $others ->
    [0] {""}
    [one] , and one more
   *[other] , and { $others } more
}
import-original-left = nobody was added: { $wrong } of { $count } people in { $file } cannot be taken
import-original-left-hint = mend these rows in a copy of the file, or delete them there, and import the copy
import-original-there-hint = delete these rows in a copy of the file and import the copy, or import into another database with --database
import-original-twice = { $user } is in row { $row } already
import-own-database = { $file } is a database of wxbox itself
import-own-database-hint = `wxbox --database '{ $file }' user export` writes what `wxbox user import` takes
import-password = this cannot be a password: it is too long, or holds a control character
import-quote-behind = something stands behind a closing quote
import-quote-behind-hint = a field with quotes in it stands in double quotes, and each of its own is doubled: "a ""b"" c"
import-quote-open = the quote that opens here is never closed
import-read = cannot read { $file }
import-row = { $file }, row { $row }: { $what }
import-row-column = { $file }, row { $row }, column { $column }: { $what }
import-separator-hint = the columns are separated by “{ $found }” here: separate them, and the fields below, by a comma
import-sqlite-stdin = standard input is an SQLite database, which can only be read as a file
import-sqlite-stdin-hint = name the file: `wxbox user import db.sqlite3`
import-twice = { $user } is on line { $line } already
import-uid = "{ $uid }" is no uid
import-uid-foreign = "{ $uid }" is not the MD5 of { $user }
import-uid-hint = a uid has 32 hex digits, 0-9 and a-f; without one it is made of the name
import-uid-taken = the uid of { $user } belongs to { $holder }
import-uid-twice = the uid of { $user } belongs to { $holder } on line { $line }
import-unfinished = { $file } is in use, or was not closed properly: it does not hold everything yet
import-unfinished-hint = stop the application, then run `sqlite3 '{ $file }' 'PRAGMA journal_mode = DELETE'` and try again
import-unreadable = cannot read { $file }: { $cause }
import-utf16 = { $file } is not UTF-8, but UTF-16 or no text at all
import-utf16-hint = convert it first, for instance with `iconv -f UTF-16 -t UTF-8`
import-utf8 = this is not UTF-8

## user sync
sync-asking = asking WeChat who still follows
sync-broken = this breaks off after { $done } of { $all } openids
sync-done = { $asked ->
    [0] nobody is bound
   *[other] asked about { $asked ->
        [one] one person
       *[other] { $asked } people
    }: { $follow } { $follow ->
        [one] follows
       *[other] follow
    }, { $not } { $not ->
        [one] does not
       *[other] do not
    }{ $invalid ->
        [0] {""}
        [one] , of one the openid is not of this account
       *[other] , of { $invalid } the openid is not of this account
    }; { $changed ->
        [0] nothing changed
        [one] one changed
       *[other] { $changed } changed
    }
}
sync-followed = { $user } follows the account now
sync-followed-again = { $user } follows the account again
sync-invalid = the openid { $openid } of { $user }: { $cause }
sync-invalid-some = { $count ->
    [one] the openid of one person is
   *[other] the openids of { $count } people are
} not of this account
sync-not-followed = { $user } does not follow the account, and cannot be reached
sync-unfollowed = { $user } no longer follows the account, and cannot be reached

## template
template-add-unknown-hint = it may have been added all the same: `wxbox template list --refresh` shows
template-added = added the template { $id }
template-added-fields = added the template { $title } ({ $id }): its fields are { $fields }
template-alias = Alias
template-alias-left = the alias { $name } still stands for it: { $at }
template-alias-unknown = the account has no template { $id }, which the alias { $name } stands for
template-alias-unknown-hint = `wxbox template list` shows those that it has; the alias is at { $at }
template-alias-unknown-subscription-hint = `wxbox template list --subscribe` shows those that it has; the alias is at { $at }
template-asked = asked WeChat for the templates: { $count }
template-asked-at = As of
template-check-unknown = the template { $name } cannot be looked up: { $cause }
template-content = Content
template-field-hidden = is not shown
template-fields = Fields
template-gone = the account had no template { $title } ({ $id }) any more
template-id = ID
template-library-unknown = the library has no template { $id }
template-library-unknown-hint = the console shows the numbers: 模板消息 → 模板库 → 类目模板库
template-list-alias = ALIAS
template-list-asked = asked WeChat { $ago }; `wxbox template list --refresh` asks again
template-list-fields = FIELDS
template-list-id = ID
template-list-title = TITLE
template-none = the account has no templates
template-old = the kept template list was asked for { $ago }, and is used as it is
template-old-unasked = the kept template list was asked for { $ago }, and is used as it is: WeChat could not be asked again: { $cause }
template-remove-ask = Remove the template { $title } ({ $id }) from the account? What names it will not be sent any more.
template-remove-kept = nothing was removed
template-remove-missing = removing a template needs --yes where nobody can be asked
template-removed = removed the template { $title } ({ $id })
template-several = "{ $name }" can be each of { $ids }
template-several-hint = give more of the id, or an alias of the config
template-title = Title
template-unasked = WeChat could not be asked for the templates: { $cause }
template-unknown = there is no template "{ $name }"
template-unknown-hint = `wxbox template list` shows the account's templates
template-unknown-subscription-hint = `wxbox template list --subscribe` shows the account's subscription templates

## token
token-fetch = no access token: { $cause }
token-fetched = fetched an access token
token-forced = WeChat gave back the refused token, forcing a new one
token-lock = cannot lock the access token's file beside the database ({ $cause }): asking WeChat for a token without the lock
token-lock-held = another process holds the access token's lock and does not answer: asking WeChat for a token without the lock

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
ui-cause = { $what }: { $cause }
ui-clauses = { $first }; { $rest }
ui-crash = a fault in wxbox itself, at { $place } (version { $version })
ui-crash-hint = please report this line; what was queued is still in the outbox
ui-delivered = { $sent } sent, { $not } not
ui-ended = no answer: the input has ended
ui-error = error:
ui-hidden = [hidden]
ui-hidden-none = [none]
ui-hint = hint:
ui-interrupted = interrupted
ui-json =
    { $kind ->
       *[other] { $text } at line { $line } column { $column }
    }
ui-json-fault = { $text }
ui-language-unknown = WXBOX_LANG is { $name }, but wxbox speaks only en and zh
ui-list = { $first }, { $rest }
ui-no = no
ui-prompt = cannot ask
ui-span = { $count }{ $unit }
ui-stdin = cannot read standard input
ui-stdin-name = standard input
ui-stdin-long = standard input holds more than { $limit } bytes
ui-stdin-utf8 = standard input is not UTF-8
ui-stdin-utf8-hint = convert it first, for instance with `iconv -f GBK -t UTF-8`
ui-stdout = cannot write to standard output
ui-unread = what is left of the results was not written: nobody reads them
ui-system =
    { $kind ->
       *[other] { $text }
    }
ui-warning = warning:
ui-when = { $time } ({ $ago })
ui-yes = yes

## unbind
unbind-done = unbound { $user } from { $openid }
unbind-withdrawn = { $count ->
    [one] one message that waited for them was cancelled
   *[other] { $count } messages that waited for them were cancelled
}

## user
user-added = added { $user }
user-changed = changed { $user }
user-exists = a user named { $user } exists already
user-exists-hint = `wxbox user show` shows the person, `wxbox user edit` changes it
user-gone = { $user } was removed by another wxbox in the meantime
user-list-left = has unfollowed
user-list-name = NAME
user-list-not-following = does not follow
user-list-note = NOTE
user-list-openid = OPENID
user-list-refused = refused ({ $errcode })
user-list-tags = TAGS
user-list-trouble = STATUS
user-name-control = the name holds a control character
user-name-empty = the name is empty
user-name-hidden = the name holds a character that does not show (U+{ $code })
user-name-hidden-hint = type the name anew: what does not show mostly came with copied text
user-name-long = the name has { $length } characters, { $limit } is the most
user-name-missing = no name is given
user-name-missing-hint = give it on the command line: `wxbox user add NAME`
user-name-prompt = Name
user-none = no people yet; add one with `wxbox user add NAME`
user-none-match = nobody is like that; `wxbox user list` shows everybody
user-not-bound = { $user } is not bound
user-not-bound-hint = `wxbox bind --user '{ $user }'` shows the QR code to scan
user-password-again = Once more
user-password-differs = the two are not the same; try again
user-password-hash = cannot hash the password
user-password-missing = no password is given for { $user }
user-password-missing-hint = give it with --password-stdin, or take it away with --remove
user-password-prompt = Password that bind asks for (empty for none)
user-password-removed = removed the password of { $user }
user-password-set = set the password of { $user }
user-password-unusable = standard input must hold a password: one line, not empty
user-remove-ask = Remove { $user }, with binding, tags and the text of all messages?
user-remove-kept = nothing was removed
user-remove-missing = removing a person needs --yes where nobody can be asked
user-removed = removed { $user }
user-removed-log = texts that were removed may still be in { $path } until that is written over: another process is reading the database, or the disk is full
user-removed-messages = { $count ->
    [one] with the text of one message
   *[other] with the texts of { $count } messages
}{ $queued ->
    [0] {""}
    [one] , one of which was still waiting and is not sent
   *[other] , { $queued } of which were still waiting and are not sent
}
user-same-letters = { $user } and { $other } differ by capital letters alone, and are two people
user-show-added = Added
user-show-bound = { $openid } since { $time }
user-show-follows = Follows
user-show-follows-left = no longer
user-show-follows-not = no, not since the binding as far as is known; no message arrives until they follow the account
user-show-follows-unknown = not known; `wxbox user sync` asks WeChat
user-show-follows-yes = yes
user-show-name = Name
user-show-not-following = no: WeChat refuses messages ({ $errcode }); once they follow the account again, `wxbox user sync` finds it, or a message by name that arrives
user-show-note = Note
user-show-reachable = Reachable
user-show-tags = Tags
user-show-uid = uid
user-show-unbound = not bound
user-show-unreachable = no: WeChat refuses messages (`wxbox explain { $errcode }`); messages to a tag or to everybody leave this person out until one by name arrives
user-show-wechat = WeChat
user-tag-one = "{ $tag }" is one tag; for several, give each an option of its own: { $options }
user-tag-several = give each tag an option of its own: { $options }
user-tag-unusable = "{ $tag }" cannot be a tag: 1 to { $limit } characters that can be seen, and no semicolon
user-uid-taken = the uid of the name { $user } belongs to { $holder }, who was renamed
user-uid-taken-hint = choose another name
user-unknown-hint = `wxbox user list` shows everybody
user-unknown-home-hint = { $path } is not there; where people were added before, it was with another HOME or as another user: name their file with --database
user-unknown = no user is named { $user } in { $path }

## wechat
wechat-allow-ip-hint = add { $ip } to the account's IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥), wait up to 10 minutes, try again
wechat-answer-lacks = { $field } is missing
wechat-answer-not-json = it is not JSON
wechat-answer-redirect = it sends elsewhere, which is not followed
wechat-answer-status = it is an HTTP error
wechat-answer-too-long = it is too long
wechat-bad-answer = { $host } gave an answer that is not WeChat's (HTTP { $status }): { $cause }
wechat-explain-hint = `wxbox explain { $code }` says more
wechat-bad-answer-hint = a proxy or firewall may stand between; see network.api_base and network.proxy
wechat-ca-file = cannot use the CA file { $path }: { $cause }
wechat-ca-file-empty = it holds no certificate
wechat-ca-variable = cannot use { $path }, which { $name } names: { $cause }
wechat-certificate-early = its certificate is not valid yet, by the clock of this machine ({ $now })
wechat-certificate-expired = its certificate has expired, by the clock of this machine ({ $now })
wechat-certificate-hint = if a proxy or firewall inspects TLS here, name the file with its CA certificate (PEM) in network.ca_file
wechat-certificate-name = its certificate is for another name
wechat-certificate-unknown = its certificate is signed by an authority that is not trusted here
wechat-clock-hint = check the clock of this machine with `date`: if it is wrong, good certificates look bad
wechat-files-hint = this process may open too few files at a time: raise the limit (`ulimit -n`, LimitNOFILE= of a unit)
wechat-threads-hint = no more threads may be started: raise the limit (`ulimit -u`, --pids-limit of a container, TasksMax= of a unit); nothing was queued
wechat-no-answer = no answer from { $host }: { $cause }
wechat-no-client = cannot make an HTTP client: { $cause }
wechat-passes-hint = this passes by itself, mostly within a minute
wechat-refreshed-hint = wxbox gets a new access_token by itself; if this stays, `wxbox doctor` looks for the cause
wechat-no-host = network.api_base names no host
wechat-not-sent = cannot reach { $host }: { $cause }
wechat-not-sent-hint = check the network, network.api_base and network.proxy
wechat-proxy-head = it answers with HTTP { $status } and a header of more than 8 KiB, which is not read
wechat-proxy-hint = check the proxy that { $name } names, or go without it
wechat-proxy-named = { $proxy } ({ $name })
wechat-proxy-no-tunnel = it opens no tunnel
wechat-proxy-status = it answers with HTTP { $status }, and opens no tunnel
wechat-proxy-unreadable = { $name } names no proxy that can be used; an address such as http://proxy.example.com:3128 does
wechat-refused = WeChat says { $code } ({ $errmsg })
wechat-refused-bare = WeChat says { $code }
wechat-refused-meaning = WeChat says { $code } ({ $errmsg }): { $meaning }
wechat-secret-hint = the AppSecret is from { $from }: compare it with the console; reset it there only if it is lost, since that ends it for every other program that uses it
wechat-secret-odd-hint = what { $from } holds is not an AppSecret, which has 32 digits 0-9 and a-f: copy it again, whole; no reset is needed
wechat-timed-out = timed out
wechat-via = by way of the proxy { $proxy }: { $cause }
wechat-who-custom = customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
wechat-who-people = the list of followers and what is known of them are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
wechat-who-subscribe = subscription notifications are for verified (已认证) service accounts (服务号)
wechat-who-template = template messages are for verified (已认证) service accounts (服务号) and for test accounts (测试号)
