### 用户看到的文字，简体中文。与 en.ftl 的条目和顺序一致。

## backup
backup-beside = { $file } 是数据库自身附属文件的名称
backup-dir = { $file } 是目录：请给出要写入的文件名
backup-done = 数据库已备份到 { $file }
backup-exists = { $file } 已存在
backup-exists-hint = --force 会在新备份完整写好之后替换它
backup-itself = { $file } 就是数据库本身
backup-other = { $file } 不是 wxbox 的备份，--force 不会替换它
backup-other-hint = 请换一个文件名，或先删除该文件
backup-special = { $file } 不是普通文件
backup-word = { $file } 像是一个单词，不像文件名
backup-word-hint = 确实要写入该文件：wxbox backup ./{ $file }；要恢复备份：见 `wxbox help recovery`

## batch
batch-file = 无法读取 { $path }
batch-field = 消息没有字段 { $field }，可用的字段为 { $fields }
batch-field-near = 消息没有字段 { $field }，是否要写 { $near }？
batch-file-named = 批量消息的一行不能用 @ 指定文件
batch-file-named-hint = `wxbox media upload FILE` 会输出它的 media_id
batch-json = 不是 JSON 格式的消息：{ $cause }（第 { $column } 列）
batch-key = key 是空的：请填写，或去掉它
batch-left = { $taken ->
    [0] { $file } 中没有一行被接收；请重新执行
   *[other] { $file } 的前 { $taken } 行已接收，其后的没有：`tail -n +{ $next } { $file } | wxbox send --batch -` 会继续
}
batch-left-stdin = { $taken ->
    [0] 没有一行被接收；请重新输入
   *[other] 前 { $taken } 行已接收，其后的没有；请重新输入其后的行
}
batch-line = 第 { $line } 行：{ $error }
batch-long = 该行超过 { $limit } 字节
batch-not-object = { $field } 必须是对象
batch-not-text = { $field } 必须是文本
batch-object = 不是消息：必须是 JSON 对象
batch-read = 无法继续读取后面的行
batch-utf8 = 不是 UTF-8
batch-what = 需要 "text"，或 "template" 及其 "data" 和 "url"，或 "message"
batch-whom = 须有 "user" 或 "openid"，且只能有一个

## bind（终端）
bind-already = { $user } 已绑定到 { $openid }
bind-already-hint = --rebind 可替换原有绑定
bind-bound = 已将 { $user } 绑定到 { $openid }
bind-bound-name = 已将 { $user } 绑定到 { $openid }（{ $name }）
bind-elsewhere = 手机带着正确的 state 回来了，但路径与 redirect_uri 不符，已被拒绝：Web 服务器或内网穿透改动了路径，请让它原样转发
bind-follow-no-code = 没有取得关注用的二维码：{ $cause }
bind-follow-not = { $user } 尚未关注服务号，关注之前收不到任何消息
bind-follow-otherwise = 下一步：请 { $user } 在微信里搜索服务号名称并关注。
bind-follow-pause = 完成后按回车，继续绑定 { $user }：
bind-follow-phone = 手机上的页面也会显示这个二维码。
bind-follow-scan = 下一步：请 { $user } 用微信扫描此二维码并关注服务号，一天内有效。
bind-follow-unknown = 无法确认 { $user } 是否已关注服务号：{ $cause }
bind-follow-visit = 下一步：请 { $user } 在微信中打开上面的链接并关注服务号，一天内有效。
bind-left = { $count } 人中已绑定 { $bound } 人，未绑定：{ $users }
bind-left-hint = `wxbox bind --unbound` 会继续绑定所有尚未绑定的人
bind-listen = { $address } 不是可监听的地址
bind-listen-hint = 请给出主机和端口，如 0.0.0.0:80 或 :8080
bind-meanwhile = { $user } 刚刚已由另一个 wxbox 绑定
bind-no-nickname = 无法读取微信昵称：{ $cause }
bind-nobody-left = 没有需要绑定的人了。
bind-none = { $count } 人均未绑定：{ $users }
bind-open = 无法提供回调服务
bind-opened = 有手机打开了短链接，已转到微信
bind-openid-several = --openid 只能绑定一个人
bind-openid-several-hint = 请逐个绑定，或把所有人的 openid 写进文件，用 `wxbox user import` 导入
bind-password-first = 标准输入的第一行必须是密码，不能为空
bind-password-missing = { $user } 设有密码，但没有终端可供输入
bind-password-missing-hint = 请用 --password-stdin 给出密码，或用 --as-admin 跳过
bind-password-prompt = { $user } 的密码
bind-password-several = --password-stdin 只提供一个密码，而要绑定的不止一人
bind-password-several-hint = 用 --as-admin 可跳过密码，或逐个绑定
bind-password-wrong = { $user } 的密码不对
bind-password-wrong-hint = --as-admin 可跳过密码；`wxbox user passwd` 可重设密码
bind-paste-address-hint = 它以 { $uri } 开头，带有 code=… 和 state=…；请原样粘贴
bind-paste-again-hint = 请重新扫码，并在五分钟内粘贴新的地址
bind-paste-awaited = 请从标准输入给出手机跳转到的地址：一行。
bind-paste-bad-code = 地址中的 code 形式不对，不可能来自微信
bind-paste-end = 标准输入已结束，没有给出 { $user } 的地址
bind-paste-end-hint = 请把手机跳转到的完整地址写成一行
bind-paste-how = 随后手机会跳转到 { $uri }…（打不开也没关系）：请点右上角“···”→“复制链接”，把地址粘贴到这里。
bind-paste-no-address = 这不是微信让手机跳转到的地址
bind-paste-no-code = 这个地址里没有 code
bind-paste-no-code-hint = 这是授权之前的页面：请先点“允许”，再复制之后跳转到的地址
bind-paste-prompt = 地址：
bind-paste-refused = 微信拒绝了地址中的 code（errcode { $errcode }）：它不属于本服务号，或已超过五分钟
bind-paste-snapshot = 这是快照页的地址：对应的是虚拟用户，无法接收消息
bind-paste-snapshot-hint = 请在手机上轻触“使用完整服务”，再重新扫码
bind-paste-state = 这个地址属于另一次绑定：state 与上面的二维码不符
bind-paste-state-hint = 请扫描现在显示的二维码；以前的地址已经无效
bind-paste-torn = 地址没有复制完整：state 缺失、被截断，或后面多出了内容
bind-paste-torn-hint = 请从 http 开始，到 state=… 结束，完整复制成一行
bind-paste-unreachable = 无法核实地址中的 code：{ $cause }
bind-paste-unreachable-hint = 请稍后再粘贴一次；如果那时 code 已被用掉，请重新扫码
bind-paste-used = 地址中的 code 已被使用
bind-port = 无法监听 { $address }
bind-port-denied-hint = 监听 1024 以下的端口需要权限：对 wxbox 程序执行 `sudo setcap cap_net_bind_service=+ep`，或由 Web 服务器转发该端口并设置 --listen
bind-port-elsewhere-hint = 本机没有这个地址：--listen 0.0.0.0:{ $port } 可监听本机全部地址
bind-port-hint = 端口被其他程序占用：请停止它，或用 --listen 另选端口（redirect_uri 须能到达该端口）
bind-qr-file = { $path } 不是 .png 或 .svg 文件
bind-qr-file-drawn = 二维码已保存到 { $path }。
bind-qr-file-failed = 无法把二维码写入 { $path }
bind-qr-file-hint = 扩展名决定图片格式：--qr-file code.png 或 --qr-file code.svg
bind-qr-narrow = 二维码需要 { $need } 的窗口，现在只有 { $have }：请放大窗口或缩小字体后重新运行
bind-qr-short = 二维码需要 { $need } 的窗口，现在只有 { $have }：请放大窗口或缩小字体，也可在微信中打开上面的链接
bind-qr-too-long = 链接太长，无法生成二维码
bind-refused = 拒绝了一次请求：{ $why }
bind-refused-all = 拒绝了 { $count } 次请求：{ $reasons }
bind-refused-body = 请求体太大
bind-refused-busy = 同时到来的请求太多
bind-refused-certificate = 对方不信任 listen.tls_cert 中的证书
bind-refused-coding = 请求体使用了不支持的编码
bind-refused-each = { $why }（{ $count } 次）
bind-refused-expectation = Expect 头不是 100-continue
bind-refused-framing = 无法确定请求体的长度
bind-refused-head = 请求头太大（可能是该域名的 Cookie 太多）
bind-refused-host = 没有 Host 头，或有多个
bind-refused-http-to-tls = 对方用的是 http，而这里只接受 https
bind-refused-lines = 请求头的行数太多
bind-refused-not-http = 不是 HTTP/1 请求
bind-refused-slow = 没有在限定时间内发送完整
bind-refused-status = { $why }（HTTP 状态码 { $status }）
bind-refused-tls = TLS 握手失败
bind-refused-tls-to-http = 对方用的是 https，而这里只接受 http
bind-scan = 请 { $user } 用微信扫描二维码，或在微信中打开该链接。
bind-shared = { $user } 与 { $others } 共用此 openid
bind-shared-unknown = { $user } 已绑定，但无法查明是否还有他人使用此 openid：{ $cause }
bind-short-link = 短链接：{ $link }
bind-short-needed = 窗口放不下该网址的二维码，因此这里显示的是指向本机的短链接：{ $link }
bind-so-far = { $bound ->
    [0] { $count } 人都没有绑定。
   *[other] { $count } 人中已绑定 { $bound } 人，已完成的绑定保留。
}
bind-timeout = { $time } 内没有人完成 { $user } 的绑定
bind-timeout-hint = 请重新运行；--timeout 可延长等待时间；如果手机显示错误，可能是 redirect_uri 不在“网页授权域名”下（微信公众平台 → 设置与开发 → 账号设置 → 功能设置），或手机无法访问本机（云服务器：请在安全组中放行该端口）
bind-timeout-refused-hint = 请加上 -v 重新运行，会逐条说明拒绝的原因；--timeout 可延长等待时间
bind-turn = 第 { $place } 人，共 { $count } 人：{ $user }
bind-turned-away = 拒绝了一次访问：{ $why }
bind-unreachable = 手机已回调，但无法验证 code：{ $cause }；已提示手机重试
bind-visit = 请 { $user } 在微信中打开该链接。
bind-waiting = 正在等待手机，剩余

## callback（手机上的页面）
callback-account-title = 绑定失败
callback-account-why = 微信拒绝了本服务号的配置，无法确认你的授权。
callback-again-todo = 请在微信中重新扫描二维码或打开链接，再授权一次。
callback-bad-code-title = 授权无效
callback-bad-code-why = 这不是微信签发的授权。
callback-bound-nickname = 微信昵称
callback-bound-title = 绑定成功
callback-bound-todo = 现在可以关闭本页面了。
callback-bound-user = 用户
callback-bound-why = 发给以下用户的消息，将由服务号送达此微信。
callback-follow-picture = 服务号二维码
callback-follow-search-todo = 请在微信中搜索服务号名称并关注。
callback-follow-title = 还差一步：关注服务号
callback-follow-todo = 请长按二维码，选择“识别图中二维码”，然后关注。
callback-follow-unknown-todo = 如果还没有关注服务号，请现在关注：关注之前收不到任何消息。
callback-follow-why = 绑定已完成，但关注服务号之后才能收到消息。
callback-log-bad-code = code 的形式不对，不可能来自微信
callback-log-elsewhere = state 正确，但路径与 redirect_uri 不符
callback-log-method = 请求方法不是 GET
callback-log-no-code = state 正确，但没有 code（可能是链接检测）
callback-log-path = 路径与 redirect_uri 不符
callback-log-refused = 微信拒绝了 code（errcode { $errcode }）
callback-log-repeated = state 或 code 重复出现
callback-log-snapshot = 快照页的虚拟用户
callback-log-state = state 缺失或不对
callback-log-taken = 绑定完成之后又来了另一个 code
callback-log-used = 微信称 code 已被使用
callback-method-title = 无法这样访问
callback-method-why = 这个地址只接收在微信中完成授权后的跳转。
callback-new-link-todo = 请向管理员索取新的二维码，再用微信扫描。
callback-no-code-title = 尚未授权
callback-no-code-why = 打开本页面时，没有带上微信的授权结果。
callback-no-code-todo = 请在微信中扫描二维码或打开链接，并允许授权。
callback-no-randomness = 无法从操作系统取得随机数
callback-operator-todo = 请告知管理员处理，然后扫描新的二维码。
callback-path-title = 页面不存在
callback-path-why = 这个地址没有任何内容。
callback-refused-title = 授权已失效
callback-refused-why = 微信没有接受这次授权，可能已经过期。
callback-repeated-title = 请求有误
callback-repeated-why = 地址中有内容重复出现。
callback-scan-todo = 请用微信扫描二维码，或在微信中打开链接。
callback-snapshot-title = 请使用完整服务
callback-snapshot-why = 你打开的是快照页。微信只提供了临时身份，无法接收消息。
callback-snapshot-todo = 请轻触页面右下角的“使用完整服务”，然后重新扫描二维码。
callback-state-title = 链接无效
callback-state-why = 当前没有等待此次授权的绑定。链接可能已过期，或属于另一次绑定。
callback-taken-title = 链接已被使用
callback-taken-why = 这个链接已经完成过绑定，只能使用一次。
callback-unkept-title = 绑定未保存
callback-unkept-why = 微信已确认你的身份，但服务器没能保存绑定。
callback-unreachable-title = 暂时无法连接微信
callback-unreachable-why = 服务器刚才没有连上微信，绑定还没有完成。
callback-unreachable-todo = 请稍后刷新本页面。
callback-used-title = 授权已被使用
callback-used-why = 每次授权只能使用一次，这一次的已经用过了。

## cli
cli-argument-twice = 参数 { $arg } 只能使用一次
cli-conflict = 参数 { $arg } 不能与 { $other } 同时使用
cli-conflict-several = 参数 { $arg } 不能与这些参数同时使用：{ $others }
cli-expected-color = 颜色是 # 加六位十六进制数字，如 #173177
cli-expected-concurrency = 须在 1 到 1024 之间
cli-expected-field = 应写作 KEY=VALUE
cli-expected-key = key 不能为空；是否有变量未设置？
cli-expected-keyword = 须是一行以内的名称
cli-expected-mini-program = 应写作 APPID:PATH
cli-expected-name = “--”之前缺少名称；是否有变量未设置？
cli-expected-positive = 须大于 0
cli-expected-shorter = 不能超过 100 年
cli-expected-span = 请用数字加单位，如 90s、5m、24h 或 30d
cli-expected-template-number = 须是数字编号（如 43216），或字母和数字
cli-expected-whole = 须是整数
cli-no-command = 没有给出命令
cli-no-command-hint = `{ $command } --help` 可查看有哪些命令
cli-not-unicode = 有参数不是有效的 UTF-8
cli-required = 缺少必需的参数：{ $args }
cli-unknown-argument = 无法识别的参数 { $arg }
cli-unknown-command = 没有命令 { $name }
cli-usage = 用法是 { $usage }
cli-value-invalid = { $arg } 的值“{ $value }”无效
cli-value-missing = { $arg } 需要一个值
cli-value-possible = { $what }，可用的值：{ $values }
cli-value-refused = { $arg } 的值“{ $value }”无效：{ $cause }
cli-value-surplus = { $arg } 的值“{ $value }”是多余的

## config
config-alone = { $at }：{ $key } 须与 { $partner } 一起设置
config-directory = { $path } 是目录，不是配置文件
config-directory-hint = 请指定其中的文件，如 { $path }
config-expected-address = 主机和端口，如 "0.0.0.0:80"、"[::1]:8080" 或 ":80"（本机全部地址）
config-expected-api-base = https 地址或其列表，不带用户名、查询参数和片段（http 只限本机，如 http://127.0.0.1:8899）
config-expected-app-id = 带引号的 AppID，如 "wx3d0d44e8d59b5b8c"
config-expected-base = http 或 https 地址，不带用户名、查询参数和片段
config-expected-color = 形如 "#RRGGBB" 的颜色
config-expected-concurrency = 1 到 1024 的整数
config-expected-data = 带引号的文本、数字，或 {"{"} value = "…", color = "#RRGGBB" {"}"}
config-expected-duration = 带引号的时长，如 "30s"、"5m" 或 "24h"
config-expected-language = "zh" 或 "en"
config-expected-link = http 或 https 地址
config-expected-path = 带引号的路径
config-expected-proxy = http 或 https 地址，如 "http://proxy.example.com:3128"
config-expected-redirect-uri = 带主机的完整 http 或 https 地址，不带片段、用户名和密码
config-expected-scope = "snsapi_userinfo" 或 "snsapi_base"
config-expected-table = 表
config-expected-text = 带引号的文本，不能为空
config-expected-time-zone = 带引号的时区名称，如 "Asia/Shanghai"
config-expected-timeout = 带引号的时长，须大于 0，如 "10s"、"5m" 或 "24h"
config-expected-token-endpoint = "stable" 或 "classic"
config-expected-whole = 整数，0 表示不限
config-missing-app-id = 没有设置 app_id
config-missing-app-id-hint = 请在 { $path } 中设置 app_id，或设置环境变量 WXBOX_APP_ID
config-missing-app-secret = 没有设置 app_secret
config-missing-app-secret-hint = 请在 { $path } 中设置 app_secret 或 app_secret_file，或设置环境变量 WXBOX_APP_SECRET、WXBOX_APP_SECRET_FILE 之一
config-missing-file-hint = 还没有配置文件：`wxbox init` 会逐项询问并写入 { $path }
config-missing-listen-address = 没有设置监听地址，从 redirect_uri 也无法得知
config-missing-listen-address-hint = 请用 --listen，或在 { $path } 中设置 listen.address：前面的服务器把回调转发到的地址，如 "127.0.0.1:8080"
config-missing-redirect-uri = 没有设置 redirect_uri
config-missing-redirect-uri-hint = 请在 { $path } 中设置 redirect_uri，或设置环境变量 WXBOX_REDIRECT_URI：微信授权后让手机跳转到的地址，如 "http://203.0.113.7/callback/"
config-no-file = 配置文件 { $path } 不存在
config-no-file-hint = 它由 { $origin } 指定
config-no-home = 没有主目录，不知道数据库该放在哪里
config-no-home-hint = 请用 --database 或环境变量 WXBOX_DATABASE 指定文件
config-not-a-path = { $from } 给出的不是路径：其中有多行内容或控制字符
config-not-a-path-hint = 这里要填文件的路径，不是文件的内容
config-not-own = { $path } 属于另一个用户（uid { $owner }），该用户可以修改其内容
config-not-own-hint = 文件必须属于 root 或运行 wxbox 的用户：`sudo chown "$(id -un)" '{ $path }'`
config-not-unicode = 环境变量 { $name } 不是有效的 Unicode
config-not-utf8 = { $path }:{ $line }：不是 UTF-8
config-not-utf8-hint = 请把文件另存为 UTF-8
config-origin-default = 默认值
config-path-absent = { $path } 尚不存在
config-readable = 本机任何人都能读取 { $path }，而其中有密钥
config-readable-hint = chmod 600 '{ $path }'
config-redirect-hint = 如 "http://203.0.113.7/callback/"；其域名须登记为“网页授权域名”（微信公众平台 → 设置与开发 → 账号设置 → 功能设置）
config-secret-empty = 密钥文件 { $path } 是空的
config-secret-file-hint = 其中应只有 AppSecret
config-secret-no-file = { $from } 指定的 AppSecret 文件不存在
config-secret-no-file-hint = 这里要填存有 AppSecret 的文件路径；AppSecret 本身应写在 app_secret 或环境变量 WXBOX_APP_SECRET 中
config-secret-not-text = 密钥文件 { $path } 的内容不是文本
config-secret-several = { $from } 中的内容不是 AppSecret：其中有多行内容或控制字符
config-secret-unreadable = 无法读取密钥文件 { $path }：{ $reason }
config-secret-unreadable-hint = 文件须存在，且运行 wxbox 的用户须能读取
config-syntax = { $path }:{ $line }:{ $column }：不是 TOML
config-syntax-hint = 文本须带引号：key = "value"
config-syntax-twice = { $path }:{ $line }:{ $column }：不是 TOML：此处设置的内容在前面已经设置过
config-table = { $at }：{ $key } 须是表，写作 [{ $key }]
config-unexpanded = { $from } 给出的路径中有只有 shell 才会展开的 $ 或 ~，而这里没有 shell
config-unexpanded-hint = 请写出完整路径；路径开头的 ~/ 可以使用
config-twice = { $at }：{ $second } 与 { $first } 重复
config-twice-hint = { $first } 和 { $second } 只能保留一个
config-unknown-key = { $at }：没有配置项 { $key }
config-unknown-key-hint = 全部配置项见 config.example.zh-CN.toml
config-unknown-key-near = 是不是想写 { $nearest }？
config-unknown-key-top = 是不是想写 { $nearest }？它须写在第一个 [表] 之前
config-unknown-zone = { $at }：time_zone 的值不是已知的时区
config-unknown-zone-hint = 时区以“大洲/城市”命名，如 "Asia/Shanghai"（中国）、"Europe/Berlin"；全部名称见 /usr/share/zoneinfo 下的目录
config-unreadable = 无法读取配置文件 { $path }：{ $reason }
config-unreadable-hint = 运行 wxbox 的用户须能读取 { $path }
config-unset = （未设置）
config-value = { $at }：{ $key } 应为：{ $expected }
config-writable = 其他人可以写入 { $path }（权限 { $mode }），从而决定 wxbox 做什么
config-writable-hint = chmod go-w '{ $path }'

## demo
demo-config = 配置（{ $path }）：
demo-directory = 无法在 { $path } 中为演示创建目录：{ $cause }
demo-directory-hint = 可用环境变量 TMPDIR 指定其他位置
demo-done = 全部过程就是这样：一个用户、一次绑定、两条消息。所有文件都在 { $dir }，现已删除。
demo-failed = 演示停在 `{ $command }`（退出码 { $status }）
demo-inbox = { $person } 收到的消息，与沙箱页面 { $url }/ 上的一致：
demo-intro = 本机上的微信替身、一个空的主目录，和你正在运行的 wxbox。
demo-no-person = 没有人完成绑定
demo-page = 手机显示：{ $title }
demo-phone = 此时手机打开链接，{ $person } 点了“允许”……
demo-phone-failed = 手机无法打开链接（HTTP { $status }）
demo-send-text = 来自 wxbox 的问候 你好 👋
demo-start = 无法启动 wxbox 本身

## delivery
delivery-attempt = 消息 { $id }：{ $state ->
    [sent] 已发送
    [queued] 排队中
    [failed] 失败
    [unknown] 不确定是否送达
    [cancelled] 已取消
    [expired] 已过期
   *[other] { $state }
}
delivery-attempts = 已尝试 { $attempts } 次，不再重试：{ $error }
delivery-broken-hint = 请不要重新发送：{ $sent } 条已发送，{ $queued } 条仍在队列中（由 `wxbox outbox flush` 发送），{ $unknown } 条可能已送达。{ $hint }
delivery-clock = 按本机时钟已过期，但尚无其他时钟可以确认；一分钟后再次检查
delivery-expired = 在有效期内未能送达
delivery-expired-after = 在有效期内未能送达；最后一次的结果：{ $error }
delivery-file-gone = { $file } 已不再保存，无法上传
delivery-locked = 数据库 { $path } 被其他进程锁定；有 { $count } 条消息正在发送，等那个进程用完后再记录结果
delivery-no-answer-yet = 在微信应答之前被中断
delivery-no-thread = 无法创建更多线程（{ $cause }）：同时只发出 { $count } 个请求
delivery-part-cut = 前一部分（消息 { $id }）没有送达
delivery-part-waits = 等待前一部分（消息 { $id }）送达
delivery-process-gone = 发送它的进程在微信应答之前已结束
delivery-rebound = 消息可能已送达“{ $user }”之前绑定的微信，因此不会自动重发
delivery-thread = 无法创建线程
delivery-unbound = “{ $user }”已解除绑定
delivery-unrecorded = 消息 { $id } 已发出请求（现为{ $state ->
    [sent] 已发送
    [queued] 排队中
    [failed] 失败
    [unknown] 不确定是否送达
    [cancelled] 已取消
    [expired] 已过期
   *[other] { $state }
}），但结果无法写入数据库：{ $cause }
delivery-upload = 无法上传 { $file }：{ $error }

## doctor、init（含 redirect_uri 的规则）
doctor-api-followers = 关注者列表
doctor-api-people = 用户基本信息
doctor-api-templates = 模板消息
doctor-api-texts = 客服消息
doctor-apis-denied = 账号没有这些接口的权限：{ $apis }
doctor-apis-fix = 已认证的账号和测试号才有这些权限；可在 微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度 中查看
doctor-apis-none = 账号既不能发模板消息，也不能发客服消息
doctor-apis-unknown = 微信没有说明账号可用哪些接口
doctor-apis-used-up = 今日调用次数已用完：{ $apis }
doctor-apis-used-up-fix = 北京时间零点后重新计算；`wxbox quota clear` 可立即清零（每月 10 次）
doctor-app-id-fix = AppID 是 wx 加 16 位 0-9、a-f；请与账号页面核对 app_id
doctor-app-id-odd = { $app_id } 不像是 AppID
doctor-blind = 其余项目未检查：都需要能读取的配置
doctor-callback = { $uri } 能访问到本机
doctor-callback-broken = 连接中断
doctor-callback-failed = 无法打开 { $uri }：{ $cause }
doctor-callback-far = { $uri } 不是本机地址，从本机也打不开：{ $cause }
doctor-callback-far-fix = 云服务器：请在安全组（轻量应用服务器为“防火墙”）放行 TCP { $port }，并检查系统防火墙。家用或办公网络：如果由路由器把端口转发到本机，可能只是路由器不支持 NAT 回环，请运行 `wxbox bind`，用手机流量打开该地址试试
doctor-callback-name-fix = redirect_uri 中的域名必须解析到本机，或解析到转发回调的服务器
doctor-callback-other = { $uri } 由别的程序应答（HTTP { $status }）
doctor-callback-other-fix = 让应答的 Web 服务器或内网穿透把该路径连同查询参数转发到 { $address }
doctor-callback-own-fix = redirect_uri 指向本机，但到不了 bind 监听的 { $address }：请核对端口，并检查系统防火墙（firewalld、ufw）和云服务器的安全组
doctor-callback-router-fix = 如果由路由器把端口转发到本机，可能只是路由器不支持 NAT 回环而自行应答；否则请让应答的程序把该路径转发到 { $address }。可在 `wxbox bind` 等待时用手机流量打开该地址验证
doctor-callback-tls-fix = 证书必须受手机信任，与 redirect_uri 的域名一致，并带完整证书链
doctor-clock = 本机时钟与 { $host } 一致
doctor-clock-ahead = 本机时钟比 { $host } 快 { $time }
doctor-clock-behind = 本机时钟比 { $host } 慢 { $time }
doctor-clock-fix = 请校准时钟并开启自动同步：`timedatectl set-ntp true`
doctor-config-none = 没有配置文件（{ $path }）
doctor-config-none-fix = 用 `wxbox init` 生成
doctor-credentials = { $app_id }；AppSecret 来自 { $from }
doctor-damaged = 数据库 { $path } 已损坏：{ $cause }
doctor-database = { $path } 完好（结构版本 { $schema }）
doctor-database-cannot = 无法创建 { $path }：{ $dir }：{ $cause }
doctor-database-cannot-fix = 用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定另一个文件，其目录须允许 wxbox 写入
doctor-database-large = { $seconds } 秒内没有读完 { $path }；已读的部分完好
doctor-database-large-fix = `wxbox outbox prune --older-than 30d` 可缩小它；如果文件并不大，则是磁盘太慢
doctor-database-none = { $path } 尚未创建；首次用到时会自动创建
doctor-database-old = { $path } 完好；下一条命令会把结构版本从 { $found } 升到 { $known }，并在旁边留一份副本
doctor-database-open = 其他人可以读写 { $path }，其中有 access_token 和 openid
doctor-database-open-fix = chmod o-rwx '{ $path }'
doctor-dir-writable = 其他人可以写入 { $dir }，从而替换 { $file }
doctor-failures = { $failures } 项失败，{ $warnings } 项警告
doctor-ip-list = 微信接受本机的调用
doctor-late = { $seconds } 秒内没有结果
doctor-late-fix = 有环节既不工作也不报错：网络、磁盘，或被其他进程占用的锁
doctor-looking = 正在检查，剩余
doctor-name-apis = 接口权限
doctor-name-callback = 回调
doctor-name-clock = 时钟
doctor-name-config = 配置
doctor-name-credentials = 账号凭证
doctor-name-database = 数据库
doctor-name-ip-list = IP 白名单
doctor-name-names = 域名解析
doctor-name-outbox = 发件箱
doctor-name-permissions = 文件权限
doctor-name-port = 端口
doctor-name-proxy = 代理
doctor-name-redirect-uri = redirect_uri
doctor-name-space = 磁盘空间
doctor-name-templates = 模板
doctor-name-tls = TLS
doctor-name-token = access_token
doctor-name-unknown = 没有这个域名
doctor-names = 已解析 { $names }
doctor-names-failed = 无法解析 { $name }：{ $cause }
doctor-names-fix = 请检查网络和 /etc/resolv.conf；需要代理时请设置 network.proxy
doctor-names-none = 没有需要解析的域名
doctor-names-proxy = 由代理解析
doctor-outbox-empty = 队列为空
doctor-outbox-overdue = 有 { $count } 条消息到期未发，最早的已过 { $age }，没有进程在发送
doctor-outbox-overdue-fix = 请让 cron 或定时器每隔几分钟运行 `wxbox outbox flush`
doctor-outbox-queued = 队列中有 { $count } 条消息，最早的已等 { $age }
doctor-outbox-unknown = 最近一天有 { $count } 条消息不确定是否送达
doctor-outbox-unknown-fix = `wxbox outbox list --state unknown` 可查看；`wxbox outbox retry --unknown` 会重发，有人可能收到两次
doctor-permissions = 其他人无法读取或替换机密内容
doctor-permissions-none = { $path } 所在的文件系统没有权限位：能使用该挂载的人都可以读取
doctor-port = { $address } 空闲
doctor-port-fix = 端口被其他程序占用（也可能是正在运行的 `wxbox bind`）：请停止它，或把 listen.address 改为其他端口，并让 redirect_uri 指向那里
doctor-proxy-failed = 无法连接 { $proxy }：{ $cause }
doctor-proxy-none = 未使用
doctor-redirect = { $uri }；公众平台的“网页授权域名”须填 { $enter }
doctor-redirect-fix = 请修改 redirect_uri
doctor-redirect-near = { $uri }：只有同一网络内的手机能访问；测试号页面的“网页授权获取用户基本信息”须填 { $enter }
doctor-redirect-real = { $uri }：从调用上限看这是正式账号，手机会显示错误 10003：{ $why }
doctor-redirect-real-fix = redirect_uri 须使用已备案并填入“网页授权域名”（设置与开发 → 账号设置 → 功能设置）的域名，不带端口
doctor-redirect-sandbox = { $uri }；沙箱接受任何地址
doctor-redirect-test = { $uri }；测试号页面的“网页授权获取用户基本信息”须填 { $enter }
doctor-redirect-test-only = { $uri } 只能用于测试号：{ $why }
doctor-redirect-test-only-fix = 测试号：在“网页授权获取用户基本信息”中填 { $enter }；正式账号：改用已备案的域名
doctor-secret-fix = AppSecret 是 32 位 0-9、a-f：请重新复制完整；不必重置，重置会让其他使用它的程序全部失效
doctor-secret-odd = { $from } 的内容不像是 AppSecret
doctor-skipped = 因前面的项目失败而未检查：{ $names }
doctor-space = { $dir } 剩余 { $free }
doctor-space-fix = 请腾出空间：磁盘写满后消息无法进入队列
doctor-templates = { $count } 个别名的模板都在账号中
doctor-templates-fields = { $name } 的模板没有字段 { $fields }，而别名给了它默认值
doctor-templates-fields-fix = 模板的字段为 { $fields }：请修改 [templates.{ $name }.data]
doctor-templates-none = 没有别名
doctor-templates-values = { $name }：{ $findings }
doctor-templates-values-fix = 请修改 [templates.{ $name }.data]；`wxbox template check { $name }` 可预览收件人看到的内容
doctor-tls = 可以访问 { $hosts }，证书有效
doctor-tls-none = 可以访问 { $hosts }，未使用 TLS
doctor-token = 微信接受 AppID 和 AppSecret
doctor-token-kept = 已存的 access_token 在 { $time } 前有效；没有验证 AppSecret，因为重新获取会使其他程序的 token 失效（token_endpoint = "classic"）
doctor-warnings = 一切可用，{ $warnings } 项警告
doctor-well = 一切正常
init-again = 再试一次？
init-all-the-same = 仍然写入配置？
init-app-id = AppID
init-begin = 将写入 { $path }。按 Ctrl-C 退出，不留任何痕迹。
init-ca-file = CA 证书文件（PEM），没有则按 Enter
init-ca-file-hint = 如果有代理或防火墙在检查 TLS 流量，请用 --ca-file 指定其 CA 证书文件（PEM）
init-ca-file-not-utf8 = 路径 { $path } 不是 UTF-8，无法写入配置
init-cannot-write = 无法写入 { $path }：{ $cause }
init-cannot-write-hint = 用 -c 或环境变量 WXBOX_CONFIG 指定其他位置
init-app-id-again = 请重新输入；如果无误，按回车继续
init-cancelled = 已取消，未写入任何内容
init-console = 请到微信后台填写 { $enter }：测试号填在“网页授权获取用户基本信息”，正式账号填在“网页授权域名”。
init-console-test = 请到微信后台的“网页授权获取用户基本信息”填写 { $enter }。这只适用于测试号：{ $why }。
init-redirect-scheme = 缺少 http://；按回车即加上 http://
init-expected-app-id = AppID，如 wx3d0d44e8d59b5b8c
init-expected-listen = 主机和端口，如 127.0.0.1:8080 或 :8080
init-expected-redirect = 带主机的 http 或 https 地址，如 http://203.0.113.7:8080/callback/
init-expected-sandbox = 沙箱的地址，如 http://127.0.0.1:8899
init-exists-hint = --force 会替换它，原文件保存为同名的 .bak 文件
init-file-header =
    wxbox 配置文件，含全部配置项，由 `wxbox init` 生成。其中有账号的 AppSecret，只应由你本人读取。
    `wxbox doctor` 可检查一切是否正常。

    被注释的行是没有固定默认值的配置项的示例；其余不是你所填写的行都是默认值，可以删去。
init-kept = 原文件已保存为 { $path }
init-listen = 监听地址
init-listen-missing = redirect_uri 是 https，必须告诉 bind 如何监听：请在配置中设置 listen.address（Web 服务器或内网穿透转发回调的地址），或设置 listen.tls_cert 和 listen.tls_key，由它自己提供 HTTPS
init-missing = 没有终端可供询问，还缺少：{ $options }
init-missing-hint = 请用选项给出，AppSecret 用 WXBOX_APP_SECRET 或标准输入；在终端中运行 `wxbox init` 会逐项询问
init-missing-secret = --secret-stdin（或环境变量 WXBOX_APP_SECRET）
init-must-be = 应为：{ $expected }
init-near = 下面是本机的内网地址，只有同一局域网内的手机能访问，测试号这样即可。云服务器请改填公网 IP，并在安全组中放行该端口。正式服务号需要已备案的域名，如 https://wx.example.com/callback/。
init-next = 接下来：
init-nothing = 没有任何改动
init-nothing-written = 没有写入任何内容：{ $cause }
init-others = 本机的其他地址：{ $others }
init-public = 本机在公网上的地址如下。测试号这样即可；正式账号需要已备案的域名，如 https://wx.example.com/callback/。
init-redirect = 回调地址
init-replace = { $path } 已存在（替换时原文件保存为同名的 .bak 文件）。替换它？
init-secret = AppSecret（输入时不显示）
init-secret-length = AppSecret 应有 32 个字符，这里有 { $length } 个
init-secret-unusable = 标准输入应为 AppSecret：一行，不能为空
init-trying = 正在向微信验证……
init-unchecked = 未经验证即写入；可用 `wxbox doctor` 再次检查
init-unreached-hint = 请检查网络和环境变量 HTTPS_PROXY；--no-check 可不经验证直接写入配置
init-value = { $option } 应为：{ $expected }
init-where-app-id = AppID 和 AppSecret：测试号（免费，人人可用）在其页面上 https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login；正式账号在 微信开发者平台 → 我的业务。
init-where-ca-file = 如果有代理或防火墙在检查 TLS 流量，需要信任其 CA 证书：证书文件可向其管理员索取。
init-where-listen = 提供 https 地址的 Web 服务器或内网穿透把回调转发到哪里？（没有的话填 :443，再在配置中设置 listen.tls_cert 和 listen.tls_key。）
init-where-redirect = 回调地址：有人绑定时，微信让手机跳转到这里。手机必须能打开它。
init-where-sandbox = AppID 和 AppSecret 见 `wxbox sandbox` 的输出。
init-works = 验证通过。
init-written = 已写入 { $path }
redirect-ip = 这是 IP 地址，正式账号不接受
redirect-local = 手机无法解析这个名称：不含点的名称，以及 .local、.lan、.internal、.test 等保留域名，只在本地网络或测试中有效
redirect-loopback = 它会让手机访问手机自己
redirect-parameter = 查询参数中有 { $name }，而这是微信要添加的
redirect-port = 带有端口（{ $port }），正式账号不接受
ui-level-failure = 失败
ui-level-ok = 正常
ui-level-warning = 警告
ui-uploading = 正在上传 { $file }
ui-verdict = { $name }：{ $detail }
ui-verdict-fix = 处理：{ $fix }

## explain
explain-answer = 应答
explain-body = 请求内容
explain-caller = 调用方
explain-code = 错误码
explain-does-backoff = 收到此码的消息留在队列，逐次拉长间隔重试
explain-does-decline = 收到此码的消息记为失败；按标签或群发该模板时会跳过不再接收它的用户
explain-does-done = 无需处理：这不是错误
explain-does-duplicate = 收到此码的消息一分钟后重试；如果是它自己的重发，则记为已发送
explain-does-fail = 收到此码的消息记为失败，不再重发
explain-does-fail-mark = 收到此码的消息记为失败，并把此人标记为无法送达：按标签或群发时会跳过
explain-does-hold-day = 收到此码的消息留在队列，等调用次数在北京时间零点后重新计算
explain-does-page = 无需处理：只显示在手机上，wxbox 收不到
explain-does-refresh = 重新获取 access_token，再调用一次
explain-does-slow = 收到此码的消息一分钟后重试，发给同一用户的其他消息也一样
explain-does-stop-kind = 收到此码的消息记为失败，本次运行中同类或同模板的其他消息也一样
explain-does-stop-run = 不再发送；其余消息留在队列
explain-errmsg = 微信原文
explain-hint = 请给出错误码（如 40164），或 errmsg 末尾的 rid（如 6aac005a-01bfdbee-79769285）
explain-meaning = 含义
explain-near = { $code }（{ $meaning }）
explain-nearest = 最接近的是 { $codes }
explain-neither = “{ $what }”既不是错误码，也不是 rid
explain-refused = { $rid }：{ $cause }
explain-remedy = 处理办法
explain-time = 时间
explain-unknown = wxbox 不认识错误码 { $code }
explain-unknown-hint = 请查阅微信官方文档中的“通用错误码”
explain-url = 请求地址
explain-wxbox = wxbox

## follower
follower-asking = 正在向微信获取关注者
follower-list-broken = 列表中断，已列出 { $listed } / { $total } 位关注者
follower-list-openid = OPENID
follower-list-users = 用户
follower-none = 没有人关注此服务号
follower-refused = { $openid }：{ $cause }
follower-remark-control = 备注名含有控制字符
follower-remark-long = 备注名有 { $length } 个字符，最多 { $limit } 个
follower-remarked = { $who } 的备注名已设为“{ $remark }”
follower-show-follows = 关注
follower-show-language = 语言
follower-show-not = 未关注
follower-show-openid = openid
follower-show-qr = 二维码场景
follower-show-remark = 备注名
follower-show-scene = 关注来源
follower-show-since = 自 { $time } 起
follower-show-tags = 标签
follower-show-unionid = unionid
follower-show-users = 用户
follower-show-yes = 已关注
follower-unremarked = 已清除 { $who } 的备注名

## help
help-names = 可用的有 { $names }
help-near = 是不是想看 `wxbox help { $name }`？
help-unknown = 没有命令或主题“{ $name }”
help-whole = `wxbox help { $name }` 可查看全部内容

## man
man-no-directory = { $path } 不是目录
man-write = 无法写入 { $path }
man-written = 已把 { $count } 页手册写入 { $path }

## input（读入的文本）
input-gbk = { $name }：不是 UTF-8，无法识别的部分以 � 发送；看来是 GBK 编码，请先转换，例如 `iconv -f GBK -t UTF-8`
input-json = { $name }：不完全符合 JSON 格式，其中的控制字符已转义，残缺的字符以 � 发送
input-line = 该行
input-not-utf8 = { $name }：不是 UTF-8
input-text = 文本
input-utf8 = { $name }：不是 UTF-8，无法识别的部分以 � 发送
input-value = 字段 { $key } 的值

## kind（消息的组成部分）
kind-hint = 消息的写法见 `wxbox send --help`
kind-kinds-hint = 类型有：{ $kinds }
kind-link-hint = 请写完整地址，如 https://status.example.com
kind-media-hint = `wxbox media upload FILE` 会输出 media_id；在 --message 的文件中，可用 "@FILE" 指定要上传的文件
kind-missing = 类型为 { $kind } 的消息缺少 { $part }
kind-none = 消息既没有 msgtype，也没有 template_id
kind-none-hint = msgtype 说明消息类型：text、image、news……；详见 `wxbox send --help`
kind-not-link = { $part } 不是 http 或 https 地址：{ $url }
kind-not-list = { $part } 必须是非空列表
kind-not-media-id = { $part } 不可能是 media_id：{ $text }
kind-not-object = { $part } 必须是对象
kind-not-text = { $part } 必须是文本，且不能为空白
kind-parts-hint = 可用的字段：{ $parts }{ $optional ->
    [0] {""}
   *[other] ；带 ? 的可省略
}
kind-too-long = { $part } 有 { $length } 个字符，最多 { $limit } 个
kind-too-many = { $part } 有 { $count } 项，微信最多接受 { $limit } 项
kind-unknown = 没有“{ $kind }”这种消息类型
kind-unknown-part = 类型为 { $kind } 的消息没有 { $part }

## media（素材）
media-directory = { $file } 是目录
media-empty = { $file } 是空文件
media-file-hint = 请指定图片、语音或视频文件；`send` 也接受 media_id
media-format = { $file } 是 { $found }，微信不接受
media-format-kind = { $file } 是 { $found }，微信不接受它作为 { $kind }
media-format-none = { $file } 不是图片、语音或视频
media-formats = { $kind }：{ $formats }
media-formats-hint = 微信接受的格式：{ $formats }
media-kept = 微信已保存 { $file }，有效期至 { $time }
media-large = { $file } 有 { $size } 字节，微信作为 { $kind } 最多接受 { $limit } 字节
media-large-hint = 请压缩后再试
media-no-file = { $file } 既不是普通文件，也不是标准输入
media-unreadable = 无法读取 { $file }：{ $cause }

## quota
quota-clear-ask = 把 { $app_id } 的全部接口调用次数清零？微信每月只允许 10 次，后台操作也计入。
quota-clear-missing = 没有终端可供确认时，清零调用次数需要 --yes（微信每月只允许 10 次）
quota-cleared = { $app_id } 的全部接口调用次数已清零；微信每月只允许 10 次
quota-cleared-due = { $count } 条原定零点后重试的消息现在可以发送：请运行 `wxbox outbox flush`
quota-kept = 没有清零
quota-list-api = 接口
quota-list-left = 剩余
quota-list-limit = 上限
quota-list-note = 说明
quota-list-rate = 频率
quota-list-used = 已用
quota-rate = { $seconds } 秒 { $count } 次
quota-unknown = 微信没有接口 { $apis }
quota-unknown-hint = 请给出接口路径，如 /cgi-bin/message/custom/send
quota-unusable = “{ $api }”不是接口路径

## sandbox（页面和终端）
sandbox-name-text = 沙箱只接受以 localhost 或其监听地址发来的请求，不接受来自其他网页的请求。
sandbox-name-title = 访问地址不对
sandbox-open = 沙箱监听 { $address }：能访问它的人都能使用
sandbox-library = 模板库（供 `template add` 使用）
sandbox-people = 用户
sandbox-person-away = 未关注服务号
sandbox-person-silent = 已关注；没有发过消息，只能收模板消息，不能收文本
sandbox-person-wrote = 已关注，刚发过消息
sandbox-person-crowd = 全部已关注，刚发过消息
sandbox-port-hint = 那里可能已有一个沙箱；--listen 127.0.0.1:0 使用任意空闲端口
sandbox-stop = 按 Ctrl-C 停止。请求：
sandbox-templates = 模板
sandbox-subscriptions = 订阅通知模板
sandbox-once = 每次授权可发一条
sandbox-lasts = 长期有效，直到取消授权
sandbox-named = 客服消息可引用的内容
sandbox-world = 无法使用 { $path }：{ $cause }
sandbox-world-toml = 第 { $line } 行：{ $message }
sandbox-world-value = { $key } 不能是“{ $value }”
sandbox-world-twice = { $key }“{ $value }”重复
sandbox-world-alone = { $key } 须与 { $with } 一起使用
sandbox-world-several = 一个故障只能有其中一项：{ $keys }
sandbox-world-none-of = 一个故障须有其中一项：{ $keys }
sandbox-world-alert = 服务器告警
sandbox-world-alert-content =
    事件：{ $event }
    主机：{ $host }
    时间：{ $time }
sandbox-world-article = 本周海况
sandbox-world-article-digest = 风浪情况，以及可以避风的港口
sandbox-world-backup = 备份完成
sandbox-world-backup-content =
    { $first }
    主机：{ $host }
    大小：{ $size }
    时间：{ $time }
    { $remark }
sandbox-world-card = 免费餐一份
sandbox-world-report = 备份报告
sandbox-world-report-content =
    备份：{ $backup }
    大小：{ $size }
    完成时间：{ $time }
sandbox-world-status = 服务状态
sandbox-world-status-content =
    服务：{ $service }
    状态：{ $status }
    时间：{ $time }
sandbox-inbox-title = wxbox 沙箱
sandbox-inbox-lead = 在本机模拟的微信平台。服务号发出的消息会显示在下面的手机上，不会离开这台机器。
sandbox-inbox-foot = 时间均为北京时间。
sandbox-switch-strict = 模板按正式账号检查
sandbox-switch-limits = 调用次数按正式账号限制
sandbox-switch-verified = 已认证账号（菜单消息、输入状态）
sandbox-switch-snapshot = 以快照页打开链接
sandbox-switch-double = 回调两次
sandbox-calls = 今日调用次数
sandbox-calls-of = { $used } / { $limit }
sandbox-clock-forward = 时钟拨快 49 小时
sandbox-clear = 清空所有手机
sandbox-empty = 还没有消息
sandbox-more-people = 还有 { $count } 人：用 /?person=名字 查看其中一人。
sandbox-faults = 故障计划
sandbox-fault-applied = 已发生 { $count } 次
sandbox-follows = 已关注
sandbox-follows-not = 未关注
sandbox-state-open = { $left ->
    [0] 已关注；在此人再次发消息之前不能再发客服消息
   *[other] 已关注；{ $until } 之前还可发 { $left } 条客服消息
  }
sandbox-state-closed = 已关注；最近没有发过消息，只能收模板消息
sandbox-state-stranger = 未关注：任何消息都会被拒绝
sandbox-phone-chosen = 当前手机
sandbox-phone-choose = 设为当前手机
sandbox-follow = 关注
sandbox-unfollow = 取消关注
sandbox-say = 给服务号发消息
sandbox-say-send = 发送
sandbox-click = 点击自定义菜单
sandbox-typing = 对方正在输入……
sandbox-grant-give = 允许
sandbox-grant-back = 取消授权
sandbox-grant-lasts = 长期有效
sandbox-grant-scene = 允许场景 1000 一次
sandbox-note-followed = 关注了服务号
sandbox-note-left = 取消了关注
sandbox-note-clicked = 点击了自定义菜单
sandbox-details = 详情
sandbox-mini-program = 小程序 { $target }
sandbox-repeats = 重复发送 { $count } 次，已忽略
sandbox-kind-image = 图片
sandbox-kind-voice = 语音
sandbox-kind-video = 视频
sandbox-kind-music = 音乐
sandbox-kind-article = 图文
sandbox-kind-coupon = 卡券
sandbox-kind-mini-program = 小程序
sandbox-kind-subscription = 订阅通知
sandbox-kind-one-time = 一次性订阅消息
sandbox-consent-asks = 申请
sandbox-consent-title = 获取你的昵称、头像
sandbox-consent-text = 授权后，服务号可以获取你的昵称和头像。请选择操作的用户：
sandbox-consent-allow = 允许
sandbox-consent-refuse = 拒绝
sandbox-refused-title = 未授权
sandbox-refused-text = 用户拒绝后微信不会回调，wxbox 会一直等到超时。返回上一页可重新选择。
sandbox-code-title = 关注“{ $account }”
sandbox-code-text = 手机扫描服务号的二维码后看到的就是本页。请选择由谁扫描：
sandbox-code-expired-title = 二维码已过期
sandbox-code-expired-text = 请让生成它的人重新生成一个。
sandbox-ask-title = 向你发送一条消息
sandbox-ask-text = 确认后，服务号可以向你发送一条消息。请选择操作的用户：
sandbox-ask-confirm = 确定
sandbox-ask-cancel = 取消
sandbox-ask-action = action 必须是 get_confirm。
sandbox-ask-scene = scene 必须是 0 到 10000 的整数。
sandbox-ask-template = template_id 不是该服务号的一次性订阅模板。
sandbox-ask-redirect = redirect_url 不是服务号业务域名下的网址。
sandbox-ask-reserved = reserved 只能由字母和数字组成，最多 128 个。
sandbox-missing-title = 没有找到
sandbox-missing-text = 沙箱里没有这个页面、人或表单。
sandbox-foreign-title = 来源不对
sandbox-foreign-text = 这个表单不是从沙箱自己的页面发出的。
sandbox-link-title = 微信无法打开此链接
sandbox-link-title-number = 错误 { $code }
sandbox-link-10003 = redirect_uri 域名与后台配置不一致，错误码：10003
sandbox-link-10005 = scope 既不是 snsapi_base 也不是 snsapi_userinfo。
sandbox-link-10006 = 请先关注该测试号，再打开本链接。也可以在沙箱首页把账号设为已认证。
sandbox-link-10010 = scope 为空。
sandbox-link-10011 = redirect_uri 为空。
sandbox-link-10012 = appid 为空。
sandbox-link-appid = appid 不是这个沙箱的账号。
sandbox-link-order = 参数必须依次为 appid、redirect_uri、response_type、scope、state。
sandbox-link-encoding = redirect_uri 必须且只能百分号编码一次。
sandbox-link-response-type = response_type 必须是 code。
sandbox-link-state = state 只能由字母和数字组成，最多 128 个。
sandbox-line-unknown = 沙箱没有此接口
sandbox-line-fault = 故障：{ $fault }
sandbox-lines-left-out = 有 { $count } 个请求未列出：输出没有被及时读取
sandbox-listening =
    微信沙箱地址：{ $url }
      app_id      { $app_id }
      app_secret  { $app_secret }

## run
run-bad-interpreter = 解释器 { $interpreter } 不存在
run-cannot-report = 命令结束后不会通知任何人：{ $cause }
run-interpreter-crlf-hint = 脚本使用 Windows 换行符（CR LF）：请转换，例如 `sed -i 's/\r$//' { $file }`
run-interpreter-hint = 脚本的第一行应写明解释器，例如 #!/bin/sh
run-interpreter-missing-hint = 请安装该解释器，或更正 { $file } 的第一行
run-names = 可用的有 { $names }
run-not-reported = 命令的结果没有通知任何人：{ $cause }
run-not-started = 无法运行 { $program }：{ $cause }
run-result-bad = 失败
run-result-good = 成功
run-stdin = 标准输入属于命令自己
run-stdin-hint = 用 --text 给出文本，或把字段写在文件里
run-stranger = {"{"}{ $name }{"}"} 不代表任何内容，将原样发送
run-text-bad = 失败（状态 { $status }），{ $host }，用时 { $duration }：{ $program }
run-text-good = 成功（状态 0），{ $host }，用时 { $duration }：{ $program }
run-text-not-started = 未能启动（状态 { $status }），{ $host }：{ $program }：{ $cause }
run-text-signal = 被 { $signal } 终止（状态 { $status }），{ $host }，用时 { $duration }：{ $program }

## store
store-absent = { $from } 指定的 { $path } 处没有数据库
store-absent-default = { $path } 处没有数据库
store-absent-hint = `wxbox user add` 和 `wxbox user import` 会新建数据库；如果数据库应当已经存在，请用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定正确的文件
store-busy = 数据库 { $path } 被其他进程锁定
store-busy-hint = 请等另一个 wxbox、备份或 sqlite3 用完数据库后重试；`fuser -v FILE` 可查出是哪个进程
store-corrupt = 数据库 { $path } 已损坏
store-corrupt-hint = 如何抢救其中的数据、如何恢复备份，见 `wxbox help recovery`；损坏的文件原样保留
store-corrupt-log = 预写日志 { $path } 已损坏
store-foreign-log = 预写日志 { $path } 不属于数据库 { $database }
store-foreign-log-hint = 如果数据库文件是用副本替换的，请把 { $path } 移出该目录；否则请参阅 `wxbox help recovery`；两个文件均原样保留
store-foreign = { $path } 是其他程序的数据库
store-hard-links = 数据库 { $path } 有多个名称（硬链接）
store-hard-links-hint = 每个名称会各有一份日志，数据库会因此损坏：请只保留一个名称（用 `find / -xdev -samefile { $path }` 可列出全部），或改用符号链接
store-full = 数据库 { $path } 所在的磁盘已满
store-full-hint = 请在该磁盘上腾出空间，然后重试
store-made = 已新建数据库 { $path }
store-newer = 数据库 { $path } 来自更新版本的 wxbox（结构版本 { $found }，本程序支持到 { $known }）
store-newer-hint = 请使用更新版本的 wxbox，或用 --database 指定另一个文件
store-not-a-database = { $path } 不是数据库
store-not-a-database-hint = 请用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定正确的文件；如果它原来是数据库，见 `wxbox help recovery`；该文件原样保留
store-not-ours-hint = 请用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定正确的文件；该文件原样未动
store-open = 无法打开数据库 { $path }：{ $cause }
store-open-hint = 运行 wxbox 的用户须能写入该文件及其目录
store-read-only = 无法写入数据库 { $path }
store-read-only-hint = 请检查文件及其目录的权限，以及文件系统是否以只读方式挂载
store-sqlite = 数据库 { $path } 出错：{ $cause }
store-unreleased = 数据库 { $path } 来自首个正式版之前的开发版本
store-unreleased-hint = 请用该开发版本运行 `wxbox user export` 导出用户，移走此文件，再运行 `wxbox user import`
outbox-after = 前一部分

## outbox
outbox-attempts = 尝试次数
outbox-attempt = 第 { $n } 次尝试
outbox-attempt-ambiguous = { $host } 没有返回有效响应：可能已送达
outbox-attempt-line = { $time } 发往 { $openid }：{ $outcome }
outbox-attempt-not-sent = 无法连接 { $host }
outbox-attempt-open = 正在发送
outbox-attempt-accepted = 微信已接收
outbox-cancel-left = 有 { $count } 条消息正在发送，无法取消
outbox-cancel-none = 发件箱中没有排队的消息
outbox-cancel-sending = 消息 { $id } 正在发送：对方可能会收到
outbox-cancel-sending-hint = 结果可用 `wxbox outbox show { $id }` 查看
outbox-cancel-state = 消息 { $id } { $state ->
    [sent] 已经发送
    [failed] 已经失败
    [unknown] 不确定是否送达
    [cancelled] 已经取消
    [expired] 已经过期
   *[other] 是 { $state }
}，不在排队
outbox-cancel-state-hint = 只有排队中的消息可以取消
outbox-cancelled = 已取消发给 { $to } 的消息 { $id }
outbox-cancel-unknown = 不再重发消息 { $id }（发给“{ $to }”）；它之前可能已经送达
outbox-content = 内容
outbox-created = 创建时间
outbox-due = 下次尝试
outbox-error = 错误
outbox-expires = 有效期至
outbox-flush-none = 没有到时间该发送的消息
outbox-flush-waits = 目前没有到时间的消息：{ $count } 条在等待，最早的一条 { $due } 发送
outbox-flush-stuck = 目前没有可以发送的消息：{ $count } 条在等待其他消息，可用 `wxbox outbox list --state queued` 查看原因
outbox-hint = 提示
outbox-id = ID
outbox-lost = 有 { $count } 条消息失败、过期或结果未知（最近 { $limit }）
outbox-lost-hint = `wxbox outbox list --state failed --state expired --state unknown` 可查看是哪些、为什么
outbox-more = 以上为 { $all } 条消息中最新的 { $shown } 条；`--limit 0` 显示全部
outbox-msgid = msgid
outbox-none = 还没有消息；可用 `wxbox send` 发送
outbox-none-match = 没有符合条件的消息；`wxbox outbox list` 列出最近的消息
outbox-oldest = 最早的排队消息
outbox-oldest-since = 已等 { $age }，自 { $time }
outbox-openid = openid
outbox-rid = 请求标识（rid）
outbox-pruned = 已清除 { $count } 条消息
outbox-removed = 已随用户一起删除
outbox-retry-gone = 消息 { $id } 无法重发：用户已删除，消息内容也一并删除了
outbox-retry-key = 没有重发消息 { $id }：消息 { $other } 已使用相同的 key
outbox-retry-moved = 消息 { $id } 将发往该用户当前绑定的微信（{ $openid }）
outbox-retry-none = 没有需要重发的消息
outbox-retry-repeats = 以下消息可能已经送达，重发后可能收到两次：{ $ids }
outbox-retry-sent = 微信已接收消息 { $id }；如果确实要让对方收到两次，请作为新消息发送
outbox-retry-unbound = 无法重发消息 { $id }：该用户尚未绑定
outbox-retry-unbound-hint = 请先用 `wxbox bind --user NAME` 绑定，再重发
outbox-sent = 发送时间
outbox-state = 状态
outbox-state-said = { $state }（{ $state ->
    [sent] 已发送
    [queued] 排队中
    [failed] 失败
    [unknown] 不确定是否送达
    [cancelled] 已取消
    [expired] 已过期
   *[other] { $state }
}）
outbox-template = 模板 { $id }
outbox-to = 接收者
outbox-too-old = 最早的排队消息已等 { $age }，超过 { $limit }
outbox-too-old-hint = `wxbox outbox list --state queued` 可查看哪些消息在等待、为什么
outbox-type = 类型
outbox-unknown = 没有消息 { $id }
outbox-unknown-hint = `wxbox outbox list` 可查看最近的消息

## papers（监听端口的证书与校验文件）
papers-bad-key = { $path } 中的私钥无法使用
papers-denied-hint = 请让运行 wxbox 的用户能读取 { $path }，例如通过用户组授权
papers-encrypted-key = { $path } 中的私钥已加密，运行时无人可以输入密码
papers-encrypted-key-hint = `(umask 077; openssl pkey -in '{ $path }' -out '{ $path }.plain')` 可写出未加密的私钥，再把 listen.tls_key 指向它
papers-faulty = { $key }：无法使用 { $path }：{ $cause }
papers-http = { $uri } 是 http 地址，但 listen.tls_cert 使监听端口只支持 HTTPS，手机将无法连接
papers-http-hint = 请让 redirect_uri 以 https 开头，或删除 listen.tls_cert 和 listen.tls_key
papers-mismatch = { $key } 中的私钥与 { $certificate } 中的证书不匹配
papers-mismatch-hint = 文件中的第一张证书必须是本服务器自己的，私钥必须是生成该证书时所用的
papers-no-certificate-hint = listen.tls_cert 须为 PEM 文件：以 -----BEGIN CERTIFICATE----- 开头，先是本服务器的证书，然后是证书链，例如 fullchain.pem
papers-no-key-hint = listen.tls_key 须为 PEM 文件，内含 RSA、ECDSA 或 Ed25519 私钥：以 -----BEGIN PRIVATE KEY----- 开头，例如 privkey.pem
papers-proof-content = { $path } 的内容与文件名中的 16 个字符不符，微信不会通过校验
papers-proof-content-hint = 请从微信后台重新下载该文件，不要改动
papers-proof-hint = listen.domain_verify_file 应为“网页授权域名”（微信公众平台 → 设置与开发 → 账号设置 → 功能设置）处下载的文件：MP_verify_ 加 16 个字母或数字，再加 .txt
papers-proof-name = { $path } 不是微信的校验文件：文件名不对
papers-unreadable = { $key }：无法读取 { $path }：{ $cause }
papers-unreadable-hint = 请让 { $key } 指向正确的文件；相对路径从配置文件所在目录算起
pem-certificate-instead = 文件中是证书，没有私钥
pem-damaged = 从第 { $line } 行开始的内容已损坏
pem-damaged-hint = 请从生成该文件的地方重新完整复制，不要改动
pem-key-instead = 文件中是私钥，没有证书
pem-no-end = 从第 { $line } 行开始的内容没有 END 行
pem-no-line-ends = 第 { $line } 行的换行丢失了：BEGIN、数据和 END 必须各自成行
pem-no-line-ends-hint = 请带换行重新写入该文件；如果换行在变量中变成了 \n，可用 `printf '%b' "$PEM"` 写出
pem-nothing = 文件中没有以 -----BEGIN 开头、可在此使用的内容
pem-utf16 = 文件是 UTF-16 编码
pem-utf16-hint = 请存为纯文本或 UTF-8

## rule（模板字段的值）
rule-amount = 金额最多 10 位数字，可带小数，前面可带一个货币符号，结尾可带“元”，如 ¥12.50
rule-blank = { $keys } 不会显示任何内容
rule-beginning = 以字段开头的消息，开头的值可能不显示：请在模板的 { $key } 前写上固定文字
rule-broken = 微信会拒绝 { $key } 的值“{ $value }”：{ $rule }
rule-car-number = 车牌最多 8 位字母和数字，首位和末位可为汉字，如 粤A8Z888挂
rule-character-string = 最多 32 位数字、字母或符号，不能有汉字和空格
rule-color = 微信不显示 { $keys } 的颜色
rule-const = 只能是随模板审核通过的文字，最多 20 个字符
rule-cut = { $key } 有 { $length } 个字符，实际发送“{ $sent }”：{ $rule }
rule-date = 日期写作 2019年10月1日 或 2019-10-01，后面可带时间，两个日期用 ~ 连接
rule-decimals = 不带小数的金额曾被微信拒绝：{ $key } 为 { $value }
rule-doubtful = 微信可能拒绝 { $key } 的值“{ $value }”：{ $rule }
rule-emoji = 不显示表情符号
rule-empty = 微信会拒绝空的 { $key }
rule-empty-doubtful = 微信可能拒绝空的 { $key }
rule-enum = 只能是随模板审核通过的文字
rule-hidden = 微信不显示 { $keys }
rule-length = 最多显示 { $limit } 个字符
rule-letter = 最多 32 位字母，不能有其他字符
rule-misspelt = 微信可能不显示 { $place } 的值：字段应写作 { "{{" }key.DATA{ "}}" }，不带空格，用英文标点
rule-line-break = 不换行
rule-name = 含汉字时最多 10 个字符，否则最多 20 个字母和符号
rule-number = 最多 32 位数字，可带小数
rule-phone-number = 最多 17 位数字、+ 和 -
rule-phrase = 最多 5 个汉字，不能有其他字符
rule-short-thing = 规则没有公布
rule-shown = 微信把 { $key } 显示为“{ $shown }”：{ $why }
rule-symbol = 最多 5 个符号，不能有其他字符
rule-thing = 最多 20 个字符
rule-time = 时间写作 15:01 或 15:01:59，前面可带日期（2019年10月1日 15:01），两个时间用 ~ 连接
rule-too-long = 微信会拒绝 { $length } 个字符的 { $key }：{ $rule }

## send
did-you-mean = 是不是想用 { $name }？
openid-unusable = “{ $openid }”不可能是 openid
openid-unusable-hint = openid 由字母、数字、- 和 _ 组成，如 oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
openid-odd = openid 通常有 { $length } 个字符、以 o 开头；{ $openid } 不是
send-and-more = { $names } 等，另有 { $more } 个
send-cancelled = 发给 { $to } 的消息 { $id } 已被取消
send-cancelled-why = 发给 { $to } 的消息 { $id } 已取消：{ $error }
send-color-alone = 没有字段 { $key }，无法设置颜色
send-data-hint = 字段请这样写：{ "{" }"host": "db1", "size": { "{" }"value": 3, "color": "#173177"{ "}" }{ "}" }
send-data-json = { $path } 不是由字段组成的 JSON 对象：{ $cause }
send-data-object = 须是对象
send-data-nameless = 有字段没有名称
send-data-value = { $key } 的值应为文本、数字，或 { "{" }"value": …, "color": "#RRGGBB"{ "}" }
send-duplicate = 未重复发送给 { $to }：消息 { $id } 已使用此 key，{ $state ->
    [sent] 并已发送
    [queued] 仍在排队
    [failed] 但已失败
    [unknown] 但不确定是否送达
    [cancelled] 但已取消
    [expired] 但已过期
   *[other] 状态为 { $state }
}
send-expired-hint = 如果仍有必要，请运行 `wxbox outbox retry { $id }` 发送
send-failed = 发给 { $to } 的消息 { $id } 被拒绝：{ $error }
send-fallback-fields = 模板 { $name } { $count ->
    [0] 没有剩余字段
   *[other] 还有 { $count } 个字段（{ $fields }）
}，无法确定 --fallback 的文本放在哪里
send-fallback-fields-hint = 请在 [templates.{ $name }.data] 中只留一个字段不设默认值
send-fallback-missing = 文本照常发送，但没有替代模板：{ $cause }
send-fallback-text = --fallback 只能与文本一起使用
send-fallback-unlisted = 无法查询 --fallback 的模板“{ $name }”，文本照常发送，但没有替代模板：{ $cause }
send-gone = 消息 { $id } 已不在发件箱中，因为用户已删除：不确定是否送达
send-given-up-hint = wxbox 不再自动重试；请运行 `wxbox outbox retry { $id }`
send-refused-hint = 之后运行 `wxbox outbox retry { $id }` 即可重新发送
send-removed = 消息 { $id } 没有发送，因为用户已删除
send-unbound = 没有发给 { $user }：绑定在此期间已变更或解除
send-field-near = { $key }（是不是 { $near }？）
send-fields-hint = 字段为 { $fields }；`wxbox template show { $name }` 可查看它们的位置
send-fields-missing = 缺少模板 { $name } 的字段 { $fields }
send-fields-missing-too = 没有给出字段 { $fields }
send-fields-strict-hint = 不用 --strict 时只是警告；`wxbox template check { $name } --data …` 可预览收件人看到的内容
send-fields-unknown = 模板 { $name } 没有字段 { $fields }
send-interrupted = 已中断；{ $queued ->
    [0] 没有消息留在队列
   *[other] 还有 { $queued } 条消息在排队；`wxbox outbox flush` 会继续发送
}
send-file-hint = 请指定文件，或用 - 表示标准输入
send-message-hint = 内容是一个对象，如 { "{" }"msgtype": "image", "image": { "{" }"media_id": "@chart.png"{ "}" }{ "}" }；详见 `wxbox send --help`
send-message-json = { $file } 不是 JSON 消息：{ $cause }
send-news-hint = 文件为 TOML 或 JSON，含 title、description、url 和 picurl；示例见 `wxbox send --help`
send-news-toml = { $file } 不是 TOML 或 JSON 格式的图文（{ $cause }）
send-split-many = 文本将分 { $parts } 条发送，而用户再次发言之前，微信最多接受 { $limit } 条客服消息
send-stopping = 正在停止；最多再等两秒，等待已发出的请求返回
send-left-queued = 有 { $queued } 条消息留在发件箱：请勿再次发送，下次运行 `wxbox outbox flush` 时会发送（手动、cron 或定时器）
send-mistyped-option = 没有选项 { $option }
send-mistyped-option-hint = 以 -- 开头的文本请写在 --text= 之后
send-mistyped-option-near = 是不是想用 { $near }？以 -- 开头的文本请写在 --text= 之后
send-no-tag = 没有人带标签 { $tag }
send-nobody-bound = 还没有人绑定
send-nobody-bound-hint = `wxbox user list` 可查看谁已绑定；`wxbox bind --user NAME` 进行绑定
send-nobody-takes-template = 这些用户都不再接收该模板
send-declined-hint = 用 `wxbox send --user NAME` 仍可单独发送
send-nobody-reachable = 已绑定的人都无法送达
send-only-queued = 发给 { $to } 的消息 { $id }（{ $kind ->
    [text] 文本
    [template] 模板消息
    [image] 图片
    [voice] 语音
    [video] 视频
    [music] 音乐
    [news] 图文
    [mpnews] 图文素材
    [mpnewsarticle] 已发布文章
    [msgmenu] 菜单
    [wxcard] 卡券
    [miniprogrampage] 小程序卡片
    [subscribe] 订阅通知
    [subscribe_once] 一次性订阅
   *[other] { $kind }
}）已进入发件箱
send-part-hint = 请勿再次发送：消息 { $after } 送达后会自动发送；`wxbox outbox show { $after }` 可查看该消息为何没有送达
send-not-delivered = 有 { $count } 条消息没有送达
send-queued = 发给 { $to } 的消息 { $id } 尚未送达，仍在排队：{ $error }
send-queued-until = 发给 { $to } 的消息 { $id } 尚未送达，仍在排队，将于 { $time } 重试：{ $error }
send-queued-hint = 请勿再次发送：{ $time } 之后第一次运行 `wxbox outbox flush` 时会重试；`wxbox outbox retry { $id }` 可立即重试
send-quota-hint = 请勿再次发送：{ $time } 之后第一次运行 `wxbox outbox flush` 时会发送；如需立即发送，先运行 `wxbox quota clear` 清零调用次数（每月 10 次），再运行 `wxbox outbox retry { $id }`
send-sent = 已把消息 { $id }（{ $kind ->
    [text] 文本
    [template] 模板消息
    [image] 图片
    [voice] 语音
    [video] 视频
    [music] 音乐
    [news] 图文
    [mpnews] 图文素材
    [mpnewsarticle] 已发布文章
    [msgmenu] 菜单
    [wxcard] 卡券
    [miniprogrampage] 小程序卡片
    [subscribe] 订阅通知
    [subscribe_once] 一次性订阅
   *[other] { $kind }
}）发给 { $to }
send-skipped-unbound = 因未绑定而跳过：{ $users }
send-skipped-declined = 已跳过不再接收该模板的用户：{ $users }
send-skipped-unreachable = 因未关注或微信曾拒绝发给他们的消息而跳过（原因见 `wxbox user list`）：{ $users }
send-strict-hint = 不用 --strict 时只是警告，消息照常发送
send-summary = 共 { $all } 条消息：已发送 { $sent } 条，失败 { $failed } 条，排队中 { $queued } 条，不确定是否送达 { $unknown } 条
send-unreachable-hint = 原因见 `wxbox user list`；`wxbox user sync` 会向微信查询谁已重新关注
send-tag-unreachable = 带标签 { $tag } 的人都没有绑定，或无法送达
send-template-unlisted = 无法查询模板“{ $name }”，没有任何消息加入发送队列：{ $cause }
send-text-cut = 文本有 { $length } 字节（UTF-8），已截短到微信最多接受的 { $limit } 字节
send-text-empty = 文本为空
send-text-empty-hint = 如果没有内容不算错误，可在 wxbox 前加 `ifne`（moreutils），有内容时才运行
send-text-long = 文本有 { $length } 字节（UTF-8），微信最多接受 { $limit } 字节
send-text-long-hint = 请缩短，或改发全文的链接
send-text-split-hint = 请缩短文本、改为发送链接，或用 --split 分成多条发送
send-touser = 消息自带的 touser 是 { $touser }，而收件人是 { $openid }
send-touser-hint = 请去掉消息中的 touser
send-unchecked = 没有检查模板 { $name } 及其字段：{ $cause }
send-unchecked-secret = 没有保存过模板列表，也没有可用来查询的 AppSecret
send-under-way = 正在发送…
send-unknown = 不确定发给 { $to } 的消息 { $id } 是否送达：{ $error }
send-unknown-hint = 对方可能已经收到，所以 wxbox 不会自动重发：请询问对方；如果没有收到，请运行 `wxbox outbox retry { $id }`
send-url = { $url } 不是 http 或 https 地址
send-waiting = { $error }；正在重试

## user import
import-added = 已添加 { $count } 个用户
import-column = { $file } 第 { $line } 行 { $column } 列：{ $what }
import-column-twice = { $column } 列出现了两次
import-column-unknown = 不认识的列“{ $column }”
import-column-unnamed = 表头中这一列没有列名
import-columns = 可用的列为 { $columns }；CSV 文件的第一行须是列名
import-empty = { $file } 是空的
import-exists-hint = 没有添加任何人；请去掉这一行，或用 --database 导入另一个数据库
import-fields = 有 { $found } 个字段，而列名有 { $expected } 个
import-fields-hint = 字段中含有 { $separator } 或换行时，须用双引号括起来
import-gbk = 不是 UTF-8，看起来是 GBK
import-hash = 开头像 Argon2id 哈希，但不是可用来验证的哈希
import-hashing = 正在计算密码哈希
import-json-array = { $file } 是 JSON 数组
import-json-array-hint = 请先用 `jq -c '.[]' FILE` 转换为 JSON Lines
import-json-hint = 每行须是一个 JSON 对象；CSV 文件不要加 --json
import-json-tags = tags 须是文本的列表
import-json-text = 须是文本或 null
import-line = { $file } 第 { $line } 行：{ $what }
import-no-column = { $file }：表 { $table } 没有 { $column } 列
import-no-table = { $file } 是 SQLite 数据库，但没有表 { $table }
import-no-table-hint = 可导入原网页应用的 db.sqlite3、CSV 和 JSON Lines
import-no-username = 没有 username 列
import-not-text = 不是 UTF-8 文本
import-openid = 有 openid 就必须有账号
import-openid-odd = openid 通常为 28 个字符并以 o 开头，{ $openid } 不是{ $others ->
    [0] {""}
   *[other] ，另有 { $others } 个也不是
}
import-original-left = 没有导入任何人：{ $file } 的 { $count } 人中有 { $wrong } 人无法导入
import-original-left-hint = 请在文件的副本中改正或删除这些行，再导入副本
import-original-there-hint = 请在文件的副本中删除这些行再导入，或用 --database 导入另一个数据库
import-original-twice = { $user } 已在第 { $row } 行出现
import-own-database = { $file } 是 wxbox 自己的数据库
import-own-database-hint = `wxbox --database '{ $file }' user export` 的输出可用 `wxbox user import` 导入
import-password = 不能用作密码：太长，或含有控制字符
import-quote-behind = 右引号后面还有内容
import-quote-behind-hint = 含引号的字段须用双引号括起来，其中每个引号写两遍："a ""b"" c"
import-quote-open = 从这里开始的引号没有结束
import-read = 无法读取 { $file }
import-row = { $file } 第 { $row } 行：{ $what }
import-row-column = { $file } 第 { $row } 行 { $column } 列：{ $what }
import-separator-hint = 这里的列以“{ $found }”分隔：请将表头和以下各行都改用半角逗号分隔
import-sqlite-stdin = 标准输入是 SQLite 数据库，只能以文件读取
import-sqlite-stdin-hint = 请给出文件名：`wxbox user import db.sqlite3`
import-twice = { $user } 已在第 { $line } 行出现
import-uid = “{ $uid }”不是 uid
import-uid-foreign = “{ $uid }”不是 { $user } 的 MD5
import-uid-hint = uid 是 32 位十六进制数字（0-9、a-f）；不给出时由用户名生成
import-uid-taken = { $user } 的 uid 属于 { $holder }
import-uid-twice = { $user } 的 uid 属于第 { $line } 行的 { $holder }
import-unfinished = { $file } 正在使用，或没有正常关闭：内容还不完整
import-unfinished-hint = 请先停止原应用，再执行 `sqlite3 '{ $file }' 'PRAGMA journal_mode = DELETE'`，然后重试
import-unreadable = 无法读取 { $file }：{ $cause }
import-utf16 = { $file } 不是 UTF-8，而是 UTF-16，或根本不是文本
import-utf16-hint = 请先转换，例如 `iconv -f UTF-16 -t UTF-8`
import-utf8 = 不是 UTF-8

## user sync
sync-asking = 正在向微信查询谁仍在关注
sync-broken = 查询中断，已完成 { $done } / { $all } 个 openid
sync-done = { $asked ->
    [0] 没有人绑定
   *[other] 查询了 { $asked } 人：{ $follow } 人关注，{ $not } 人未关注{ $invalid ->
        [0] {""}
       *[other] ，{ $invalid } 人的 openid 不属于此服务号
    }；{ $changed ->
        [0] 没有变化
       *[other] { $changed } 人有变化
    }
}
sync-followed = { $user } 已关注
sync-followed-again = { $user } 已重新关注
sync-invalid = { $user } 的 openid { $openid }：{ $cause }
sync-invalid-some = { $count } 人的 openid 不属于此服务号
sync-not-followed = { $user } 未关注服务号，无法送达
sync-unfollowed = { $user } 已取消关注，无法送达

## template
template-add-unknown-hint = 可能已经添加成功：用 `wxbox template list --refresh` 查看
template-added = 已添加模板 { $id }
template-added-fields = 已添加模板 { $title }（{ $id }）：字段为 { $fields }
template-alias = 别名
template-alias-left = 别名 { $name } 仍指向它：{ $at }
template-alias-unknown = 账号中没有别名 { $name } 所指的模板 { $id }
template-alias-unknown-hint = `wxbox template list` 可查看账号中的模板；别名写在 { $at }
template-alias-unknown-subscription-hint = `wxbox template list --subscribe` 列出账号已有的订阅通知模板；别名定义在 { $at }
template-asked = 已向微信查询模板：{ $count } 个
template-asked-at = 查询时间
template-check-unknown = 无法查询模板 { $name }：{ $cause }
template-content = 内容
template-field-hidden = 不显示
template-fields = 字段
template-gone = 账号中已没有模板 { $title }（{ $id }）
template-id = ID
template-library-unknown = 模板库中没有编号为 { $id } 的模板
template-library-unknown-hint = 编号见公众平台：模板消息 → 模板库 → 类目模板库
template-list-alias = 别名
template-list-asked = 查询于 { $ago }；`wxbox template list --refresh` 可重新查询
template-list-fields = 字段
template-list-id = ID
template-list-title = 标题
template-none = 账号中没有模板
template-old = 保存的模板列表查询于 { $ago }，仍按它处理
template-old-unasked = 保存的模板列表查询于 { $ago }，仍按它处理；无法重新向微信查询：{ $cause }
template-remove-ask = 从账号中删除模板 { $title }（{ $id }）？之后用它的消息都无法发送。
template-remove-kept = 没有删除任何内容
template-remove-missing = 没有终端可供确认时，删除模板需要 --yes
template-removed = 已删除模板 { $title }（{ $id }）
template-several = “{ $name }”可能是其中任何一个：{ $ids }
template-several-hint = 请多写几位 ID，或使用配置中的别名
template-title = 标题
template-unasked = 无法向微信查询模板：{ $cause }
template-unknown = 没有模板“{ $name }”
template-unknown-hint = `wxbox template list` 可查看账号中的模板
template-unknown-subscription-hint = `wxbox template list --subscribe` 列出账号的订阅通知模板

## token
token-fetch = 无法取得 access_token：{ $cause }
token-fetched = 已获取 access_token
token-forced = 微信返回的仍是刚被拒绝的 access_token，正在强制刷新
token-lock = 无法锁定数据库旁的 access_token 锁文件（{ $cause }）：不加锁直接向微信获取 access_token
token-lock-held = 另一进程占用 access_token 锁且没有响应：不加锁直接向微信获取 access_token

## ui
ui-ago = { $unit ->
    [s] { $count } 秒前
    [min] { $count } 分钟前
    [h] { $count } 小时前
    [d] { $count } 天前
    [mo] { $count } 个月前
    [y] { $count } 年前
   *[now] 刚刚
}
ui-ahead = { $unit ->
    [s] { $count } 秒后
    [min] { $count } 分钟后
    [h] { $count } 小时后
    [d] { $count } 天后
    [mo] { $count } 个月后
    [y] { $count } 年后
   *[now] 刚刚
}
ui-ask = { $prompt }：
ui-ask-default = { $prompt } [{ $default }]：
ui-cause = { $what }：{ $cause }
ui-clauses = { $first }；{ $rest }
ui-crash = wxbox 自身出错，位置是 { $place }（版本 { $version }）
ui-crash-hint = 请将这一行报告给 wxbox 的维护者；已排队的消息仍在发件箱中
ui-delivered = 已发送 { $sent }，未送达 { $not }
ui-ended = 没有得到回答：输入已结束
ui-error = 错误：
ui-hidden = [不显示]
ui-hidden-none = [未设置]
ui-hint = 提示：
ui-interrupted = 已中断
ui-json =
    { $kind ->
        [end] 第 { $line } 行第 { $column } 列之后内容不完整
        [syntax] 第 { $line } 行第 { $column } 列有语法错误
        [unknown] 第 { $line } 行第 { $column } 列：没有字段 { $field }，可用的字段为 { $expected }
       *[other] 第 { $line } 行第 { $column } 列：{ $text }
    }
ui-json-fault =
    { $kind ->
        [end] 内容不完整
        [syntax] 有语法错误
       *[other] { $text }
    }
ui-language-unknown = WXBOX_LANG 的值是 { $name }，但 wxbox 只支持 en 和 zh
ui-list = { $first }、{ $rest }
ui-no = 否
ui-prompt = 无法询问
ui-span = { $count } { $unit ->
    [ms] 毫秒
    [s] 秒
    [m] 分钟
    [h] 小时
    [d] 天
    [day] 天
    [days] 天
    [month] 个月
    [months] 个月
    [year] 年
    [years] 年
   *[other] { $unit }
}
ui-stdin = 无法读取标准输入
ui-stdin-name = stdin
ui-stdin-long = 标准输入超过 { $limit } 字节
ui-stdin-utf8 = 标准输入不是 UTF-8
ui-stdin-utf8-hint = 请先转换，例如 `iconv -f GBK -t UTF-8`
ui-stdout = 无法写入标准输出
ui-unread = 其余结果没有写出：接收方一直没有读取
ui-system =
    { $kind ->
        [AddrInUse] 地址已被占用
        [AddrNotAvailable] 本机没有这个地址
        [AlreadyExists] 已经存在
        [ArgumentListTooLong] 参数太长
        [BrokenPipe] 管道已断开
        [Certificate] 证书不受信任、已过期或与域名不符（{ $text }）
        [Closed] 连接在应答完成之前关闭
        [ConnectionAborted] 连接中断
        [ConnectionRefused] 连接被拒绝
        [ConnectionReset] 连接被重置
        [Deadlock] 会造成死锁
        [DirectoryNotEmpty] 目录不为空
        [ExecutableFileBusy] 程序文件正在使用
        [FileTooLarge] 文件太大
        [HostUnreachable] 无法到达该主机
        [Http] 应答不是 HTTP
        [Interrupted] 被中断
        [IsADirectory] 是目录
        [Lookup] 查不到这个域名
        [NetworkDown] 网络已断开
        [NetworkUnreachable] 无法到达该网络
        [NotADirectory] 路径中有一段不是目录
        [NotConnected] 尚未连接
        [NotFound] 没有这个文件或目录
        [OutOfMemory] 内存不足
        [PermissionDenied] 权限不足
        [QuotaExceeded] 磁盘配额已用完
        [ReadOnlyFilesystem] 文件系统只读
        [ResourceBusy] 正被使用
        [StorageFull] 磁盘已满
        [TimedOut] 超时
        [UnexpectedEof] 内容不完整
       *[other] { $text }
    }
ui-warning = 警告：
ui-when = { $time }（{ $ago }）
ui-yes = 是

## unbind
unbind-done = 已解除 { $user } 与 { $openid } 的绑定
unbind-withdrawn = 已取消 { $count } 条等待发给该用户的消息

## user
user-added = 已添加 { $user }
user-changed = 已修改 { $user }
user-exists = 已有名为 { $user } 的用户
user-exists-hint = `wxbox user show` 可查看，`wxbox user edit` 可修改
user-gone = { $user } 刚刚已被另一个 wxbox 删除
user-list-left = 已取消关注
user-list-name = 用户名
user-list-not-following = 未关注
user-list-note = 备注
user-list-openid = OPENID
user-list-refused = 微信拒绝（{ $errcode }）
user-list-tags = 标签
user-list-trouble = 状态
user-name-control = 用户名含有控制字符
user-name-empty = 用户名为空
user-name-hidden = 用户名含有不可见的字符（U+{ $code }）
user-name-hidden-hint = 请重新输入用户名；不可见的字符多半是复制文字时带来的
user-name-long = 用户名有 { $length } 个字符，最多 { $limit } 个
user-name-missing = 没有给出用户名
user-name-missing-hint = 请写在命令行中：`wxbox user add NAME`
user-name-prompt = 用户名
user-none = 还没有用户；可用 `wxbox user add NAME` 添加
user-none-match = 没有符合条件的用户；`wxbox user list` 列出所有人
user-not-bound = { $user } 尚未绑定
user-not-bound-hint = `wxbox bind --user '{ $user }'` 会显示供扫描的二维码
user-password-again = 再输入一次
user-password-differs = 两次输入不一致，请重新输入
user-password-hash = 无法计算密码哈希
user-password-missing = 没有给出 { $user } 的密码
user-password-missing-hint = 请用 --password-stdin 给出，或用 --remove 清除密码
user-password-prompt = 密码（绑定时须输入；留空则不设）
user-password-removed = 已清除 { $user } 的密码
user-password-set = 已设置 { $user } 的密码
user-password-unusable = 标准输入应为密码：一行，不能为空
user-remove-ask = 删除 { $user }，连同绑定、标签和全部消息的内容？
user-remove-kept = 没有删除任何内容
user-remove-missing = 没有终端可供确认时，删除用户需要 --yes
user-removed = 已删除 { $user }
user-removed-log = 已删除的内容可能仍留在 { $path } 中，直到该文件被覆盖：另有进程正在读取数据库，或磁盘已满
user-removed-messages = 同时删除了 { $count } 条消息的内容{ $queued ->
    [0] {""}
   *[other] ，其中 { $queued } 条尚未发送，不会再发送
}
user-same-letters = { $user } 与 { $other } 只有大小写不同，是两个用户
user-show-added = 添加时间
user-show-bound = { $openid }，绑定于 { $time }
user-show-follows = 关注
user-show-follows-left = 已取消关注
user-show-follows-not = 否，据已知绑定后尚未关注；对方关注之前收不到任何消息
user-show-follows-unknown = 未知；`wxbox user sync` 可向微信查询
user-show-follows-yes = 是
user-show-name = 用户名
user-show-not-following = 否：微信拒绝发送（{ $errcode }）；对方重新关注后，运行 `wxbox user sync` 或指名发送成功一次即可恢复
user-show-note = 备注
user-show-reachable = 可送达
user-show-tags = 标签
user-show-uid = uid
user-show-unbound = 未绑定
user-show-unreachable = 否：微信拒绝发送（见 `wxbox explain { $errcode }`）；在指名发送成功一次之前，按标签或发给所有人的消息都会跳过此人
user-show-wechat = 微信
user-tag-one = “{ $tag }”是一个标签；要设置多个标签，请分别写 { $options }
user-tag-several = 每个标签各用一个选项：{ $options }
user-tag-unusable = “{ $tag }”不能用作标签：须为 1 至 { $limit } 个可见字符，且不含分号
user-uid-taken = 用户名 { $user } 的 uid 属于已改名的 { $holder }
user-uid-taken-hint = 请换一个用户名
user-unknown-hint = `wxbox user list` 可查看全部用户
user-unknown-home-hint = { $path } 不存在；如果以前添加过用户，当时用的是另一个 HOME 或另一个系统用户：请用 --database 指定那个文件
user-unknown = { $path } 中没有名为 { $user } 的用户

## wechat
wechat-allow-ip-hint = 请把 { $ip } 加入账号的“API IP 白名单”（微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥），最多等 10 分钟后重试
wechat-answer-lacks = 缺少 { $field }
wechat-answer-not-json = 不是 JSON
wechat-answer-redirect = 要求跳转到别处，wxbox 不会跟随
wechat-answer-status = 服务器返回了 HTTP 错误
wechat-answer-too-long = 太长
wechat-bad-answer = { $host } 的应答不是微信的（HTTP { $status }）：{ $cause }
wechat-explain-hint = 可运行 `wxbox explain { $code }` 了解详情
wechat-bad-answer-hint = 中间可能有代理或防火墙；请检查 network.api_base 和 network.proxy
wechat-ca-file = 无法使用 CA 证书文件 { $path }：{ $cause }
wechat-ca-file-empty = 其中没有证书
wechat-ca-variable = 无法使用 { $name } 指定的 { $path }：{ $cause }
wechat-certificate-early = 按本机时钟（{ $now }），对方的证书尚未生效
wechat-certificate-expired = 按本机时钟（{ $now }），对方的证书已过期
wechat-certificate-hint = 如果有代理或防火墙在检查 TLS 流量，请用 network.ca_file 指定其 CA 证书文件（PEM）
wechat-certificate-name = 对方的证书属于另一个域名
wechat-certificate-unknown = 对方证书的签发机构不受信任
wechat-clock-hint = 请用 `date` 检查本机时钟：时钟不准时，有效的证书也会被判为无效
wechat-files-hint = 本进程可同时打开的文件太少：请提高上限（`ulimit -n`，或服务单元中的 LimitNOFILE=）
wechat-threads-hint = 无法再创建线程：请提高上限（`ulimit -u`、容器的 --pids-limit、服务单元的 TasksMax=）；没有消息进入队列
wechat-no-answer = { $host } 没有应答：{ $cause }
wechat-no-client = 无法创建 HTTP 客户端：{ $cause }
wechat-passes-hint = 通常一分钟内会自行恢复
wechat-refreshed-hint = wxbox 会自动重新获取 access_token；如果一直出现，请运行 `wxbox doctor` 检查原因
wechat-no-host = network.api_base 中没有主机名
wechat-not-sent = 无法连接 { $host }：{ $cause }
wechat-not-sent-hint = 请检查网络、network.api_base 和 network.proxy
wechat-proxy-head = 代理返回了 HTTP { $status }，但响应头超过 8 KiB，无法读取
wechat-proxy-hint = 请检查 { $name } 指定的代理，或不使用代理
wechat-proxy-named = { $proxy }（{ $name }）
wechat-proxy-no-tunnel = 代理没有建立隧道
wechat-proxy-status = 代理返回 HTTP { $status }，没有建立隧道
wechat-proxy-unreadable = { $name } 中没有可用的代理地址；正确的形式如 http://proxy.example.com:3128
wechat-refused = 微信返回 { $code }（{ $errmsg }）
wechat-refused-bare = 微信返回 { $code }
wechat-refused-meaning = 微信返回 { $code }（{ $errmsg }）：{ $meaning }
wechat-secret-hint = AppSecret 来自 { $from }：请与后台核对；确实遗失时才重置，因为重置会让其他使用它的程序全部失效
wechat-secret-odd-hint = { $from } 的内容不是 AppSecret（应为 32 位 0-9、a-f）：请重新复制完整，不必重置
wechat-timed-out = 超时
wechat-via = 经由代理 { $proxy }：{ $cause }
wechat-who-custom = 客服消息只有已认证的服务号、公众号（原订阅号）以及测试号可以发送
wechat-who-people = 关注者列表和用户信息只有已认证的服务号、公众号（原订阅号）以及测试号可以读取
wechat-who-subscribe = 订阅通知只有已认证的服务号可以发送
wechat-who-template = 模板消息只有已认证的服务号和测试号可以发送
