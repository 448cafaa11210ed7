### 用户看到的文字，简体中文。条目和顺序与 en.ftl 相同。tests/it/chinese_style.rs 检查用词和标点。
###
### 用词：
###   account             服务号（包括测试号）；正式服务号；公众号（原订阅号）
###   user, follower      用户；关注者
###   recipient           接收者
###   binding, rebind     绑定、绑定关系；重新绑定
###   scope, code         授权作用域（scope）；授权码（code）
###   callback            回调；回调地址（redirect_uri）
###   customer service    客服消息；48 小时客服消息时限
###   template, alias     模板、类目模板库；模板别名
###   field, value        字段；字段值
###   subscription        订阅通知；一次性订阅消息
###   outbox, queued      发件箱；排队中
###   due, expired        已到发送时间；已过期
###   accepted            微信已接收
###   unknown, refused    结果未知；被微信拒绝
###   retry, backoff      重试；按递增间隔重试
###   idempotency key     幂等键（--key）
###   response            响应
###   exit status         退出码
###   quota, reset        调用额度；清零
###   secret, credential  敏感信息；凭据
###   sandbox, fault      沙箱；故障
###   schema version      数据库结构版本
###   security group      安全组；轻量应用服务器为“防火墙”
###   IP allow-list       API IP 白名单
###   console             微信公众平台，或微信开发者平台，写出完整路径

## backup
backup-database-file = { $file } 是数据库附属文件的名称，不能用作备份文件名
backup-dir = { $file } 是目录，请指定要写入的文件
backup-done = 数据库已备份到 { $file }
backup-exists = { $file } 已存在
backup-exists-hint = 加 --force 可替换该文件；新备份完整写好之后才会替换
backup-itself = { $file } 就是数据库文件，不能备份到自身
backup-other = { $file } 不是 wxbox 的备份，--force 不会替换它
backup-other-hint = 请换一个文件名，或先移走该文件
backup-special = { $file } 不是普通文件
backup-word = { $file } 看起来不是文件名
backup-word-hint = 如果要备份到该文件，请运行 `wxbox backup ./{ $file }`；如果要恢复备份，请运行 `wxbox help recovery`

## batch
batch-file = 无法读取 { $path }
batch-content = 缺少消息内容：必须有 "text"、"message" 或 "template"（可以带 "data" 和 "url"）
batch-field = 没有字段 { $field }，可用的字段：{ $fields }
batch-field-near = 没有字段 { $field }，是不是想输入“{ $near }”？
batch-file-named = 批量输入不能用 @ 引用本机文件
batch-file-named-hint = 请用 `wxbox media upload FILE` 上传文件，并使用输出的 media_id
batch-json = 不是有效的 JSON 消息：{ $cause }（第 { $column } 列）
batch-key = key 为空：请填写幂等键，或去掉该字段
batch-left = { $taken ->
    [0] 没有处理 { $file } 中的任何一行，请重新运行
   *[other] { $file } 的前 { $taken } 行已处理，其余没有处理：请运行 `tail -n +{ $next } { $file } | wxbox send --batch -` 继续
}
batch-left-stdin = { $taken ->
    [0] 没有处理任何一行，请重新输入
   *[other] 前 { $taken } 行已处理，其余没有处理：请重新输入其余各行
}
batch-line = 第 { $line } 行：{ $error }
batch-long = 这一行超过 { $limit } 字节
batch-not-object = { $field } 必须是对象
batch-not-text = { $field } 必须是文本
batch-object = 不是消息：每行必须是一个 JSON 对象
batch-read = 无法继续读取输入
batch-recipient = 必须且只能指定 "user" 或 "openid" 之一
batch-utf8 = 不是有效的 UTF-8

## bind（终端）
bind-all-bound = 所有用户都已绑定
bind-already = “{ $user }”已绑定到 { $openid }
bind-already-hint = 加 --rebind 可替换原有的绑定
bind-bound = 已将“{ $user }”绑定到 { $openid }
bind-bound-elsewhere = “{ $user }”刚刚由另一个 wxbox 进程完成了绑定
bind-bound-name = 已将“{ $user }”绑定到 { $openid }（微信昵称：{ $name }）
bind-follow-no-code = 无法获取用于关注的二维码：{ $cause }
bind-follow-not = “{ $user }”还没有关注服务号，关注之后才能收到消息
bind-follow-pause = “{ $user }”关注后，按回车继续：
bind-follow-phone = 手机上的页面也会显示这个二维码
bind-follow-scan = 还差一步：请让“{ $user }”用微信扫描下面的二维码，关注服务号（二维码 24 小时内有效）。
bind-follow-search = 还差一步：请让“{ $user }”在微信中搜索服务号的名称并关注。
bind-follow-unknown = 无法确认“{ $user }”是否已关注服务号：{ $cause }
bind-follow-visit = 还差一步：请让“{ $user }”在微信中打开上面的链接，关注服务号（链接 24 小时内有效）。
bind-left = { $count } 个用户中已绑定 { $bound } 个，未绑定：{ $users }
bind-left-hint = 请运行 `wxbox bind --unbound` 继续绑定其余用户
bind-listen = { $address } 不是有效的监听地址
bind-listen-hint = 请填写主机和端口，例如 0.0.0.0:80 或 :8080
bind-no-nickname = 无法获取微信昵称：{ $cause }
bind-none = { $count } 个用户都没有绑定：{ $users }
bind-open = 无法启动回调服务
bind-other-person = 如果扫码的人不对，请运行 `{ $line }` 解除绑定。
bind-opened = 手机已打开短链接，正在跳转到微信授权页
bind-openid-several = --openid 一次只能绑定一个用户
bind-openid-several-hint = 请逐个绑定，或把所有用户的 openid 写进文件，用 `wxbox user import` 导入
bind-password-first = 标准输入的第一行必须是密码，不能为空
bind-password-missing = “{ $user }”设置了密码，但当前不是交互式终端
bind-password-missing-hint = 请用 --password-stdin 输入密码，或用 --as-admin 跳过密码
bind-password-prompt = “{ $user }”在 wxbox 中的绑定密码
bind-password-several = --password-stdin 只能输入一个密码，不能用于多个用户
bind-password-several-hint = 请用 --as-admin 跳过密码，或逐个绑定
bind-password-wrong = “{ $user }”的密码错误
bind-password-wrong-hint = 请用 --as-admin 跳过密码，或运行 `wxbox user passwd` 重设密码
bind-paste-address-hint = 请原样粘贴以 { $uri } 开头、带有 code=… 和 state=… 的链接
bind-paste-again-hint = 请重新扫码，并在五分钟内粘贴新的链接
bind-paste-bad-code = 链接中的 code 格式不正确，不是微信返回的授权码
bind-paste-end = 标准输入已结束，没有读到“{ $user }”的链接
bind-paste-end-hint = 请把手机跳转后的完整链接写成一行
bind-paste-how = 授权后，手机会跳转到 { $uri }…。该页面可能打不开，这是正常现象：请点右上角的“··· → 复制链接”，再粘贴到这里。
bind-paste-incomplete = 链接不完整：state 缺失、被截断，或后面有多余的内容
bind-paste-incomplete-hint = 请从 http 开始，到 state=… 结束，完整复制成一行
bind-paste-no-address = 这不是微信授权后跳转的链接
bind-paste-no-code = 链接中没有 code
bind-paste-no-code-hint = 这是授权之前的页面：请先点“允许”，再复制跳转后的链接
bind-paste-prompt = 链接：
bind-paste-refused = 微信拒绝了链接中的 code（错误码 { $errcode }）：该 code 不属于本服务号，或已超过五分钟
bind-paste-snapshot = 这是快照页的链接，对应的是虚拟账号，无法接收消息
bind-paste-snapshot-hint = 请在手机上轻触“使用完整服务”，再重新扫码
bind-paste-state = 这个链接属于另一次绑定：state 与当前的二维码不符
bind-paste-state-hint = 请扫描当前显示的二维码；之前的链接已失效
bind-paste-unreachable = 无法验证链接中的 code：{ $cause }
bind-paste-unreachable-hint = 请稍后再粘贴一次；如果提示 code 已被使用，请重新扫码
bind-paste-used = 链接中的 code 已被使用
bind-paste-waiting = 请通过标准输入提供手机跳转后的完整链接（一行）
bind-port = 无法监听 { $address }
bind-port-denied-hint = 监听 1024 以下的端口需要权限：请运行 `sudo setcap cap_net_bind_service=+ep "$(command -v wxbox)"`；或让 Web 服务器转发到 --listen 指定的地址
bind-port-elsewhere-hint = 本机没有这个地址：请用 --listen 0.0.0.0:{ $port } 监听本机的所有地址
bind-port-hint = 端口被其他程序占用：请停止该程序，或用 --listen 换一个端口（redirect_uri 必须能访问到该端口）
bind-position = 第 { $place } 个用户，共 { $count } 个：{ $user }
bind-qr-file = { $path } 不是 .png 或 .svg 文件
bind-qr-file-drawn = 二维码已保存到 { $path }
bind-qr-file-failed = 无法把二维码保存到 { $path }
bind-qr-file-hint = 请用扩展名指定图片格式：--qr-file code.png 或 --qr-file code.svg
bind-qr-high = 二维码显示不全（需要 { $need }，当前窗口为 { $have }）：请放大窗口，或用 --qr-file FILE 保存为图片
bind-qr-narrow = 窗口太小，显示不下二维码（需要 { $need }，当前为 { $have }）：请放大窗口后重新运行，或用 --qr-file FILE 保存为图片
bind-qr-too-long = 链接太长，无法生成二维码
bind-rebind-ask = “{ $user }”已绑定。要重新绑定吗？
bind-rejected-body = 请求正文过大
bind-rejected-busy = 同时发来的请求过多
bind-rejected-callback = 拒绝了一次连接：{ $why }
bind-rejected-certificate = 客户端不信任 listen.tls_cert 中的证书
bind-rejected-coding = 请求正文使用了不支持的编码
bind-rejected-expectation = Expect 头不是 100-continue
bind-rejected-framing = 无法确定请求正文的长度
bind-rejected-head = 请求头过大（可能是该域名的 Cookie 过多）
bind-rejected-host = 没有 Host 请求头，或有多个
bind-rejected-http-to-tls = 客户端使用 http，而该端口只支持 https
bind-rejected-lines = 请求头行数过多
bind-rejected-not-http = 不是 HTTP/1 请求
bind-rejected-request = 拒绝了一次请求：{ $why }
bind-rejected-requests = 拒绝了 { $count } 次请求：{ $reasons }
bind-rejected-requests-each = { $why }（{ $count } 次）
bind-rejected-slow = 没有在规定时间内收到完整的请求
bind-rejected-status = { $why }（HTTP 状态码 { $status }）
bind-rejected-tls = TLS 握手失败
bind-rejected-tls-to-http = 客户端使用 https，而该端口只支持 http
bind-scan = 请让“{ $user }”用微信扫描二维码，或在微信中打开该链接。
bind-scan-code = 请让“{ $user }”用微信扫码；如果还没有关注服务号，扫码后点“关注”。
bind-scan-no-listener = 无法监听扫码事件：{ $cause }；如果由其他服务器接收微信的事件，请让它用 `wxbox event` 传入
bind-scan-unauthorized-hint = 带参数二维码只适用于已认证的服务号和测试号；请去掉 --scan 再运行
bind-serve-failed = `wxbox serve` 没能绑定“{ $user }”
bind-serve-failed-hint = 请查看 `wxbox serve` 的日志
bind-shared = “{ $user }”与以下用户共用此 openid：{ $others }；如果扫码的人不对，请运行 `wxbox bind --user { $name } --rebind` 重新绑定（原来用了 --scan 的，请同样加上 --scan）
bind-shared-openid = “{ $user }”与以下用户共用此 openid：{ $others }；请核对 openid
bind-shared-unknown = “{ $user }”已绑定，但无法确认是否有其他用户使用同一个 openid：{ $cause }
bind-short-link = 短链接：{ $link }
bind-short-needed = 窗口太小，显示不下完整的二维码，已改用短链接：{ $link }
bind-so-far = { $bound ->
    [0] { $count } 个用户都没有绑定
   *[other] { $count } 个用户中已绑定 { $bound } 个，已完成的绑定仍然有效
}
bind-timeout = “{ $user }”的绑定超时，已等待 { $time }
bind-timeout-hint = 请重新运行，可用 --timeout 延长等待时间；如果手机显示错误，请检查 redirect_uri 的主机是否已填入“网页授权域名”（“微信公众平台 → 设置与开发 → 账号设置 → 功能设置”），以及手机能否访问本机（云服务器：请在安全组中放行该端口）
bind-timeout-scan-hint = 请重新运行，可用 --timeout 延长等待时间；如果已扫码，请检查微信页面上填写的消息推送 URL 是否指向 `wxbox serve`，或正在等待的本命令
bind-timeout-rejected-hint = 请加 -v 重新运行，查看每次请求被拒绝的原因；可用 --timeout 延长等待时间
bind-unreachable = 已收到手机的回调，但无法验证 code：{ $cause }；已提示用户重试
bind-visit = 请让“{ $user }”在微信中打开该链接
bind-waiting = 正在等待手机操作
bind-wrong-path = 拒绝了一次回调：state 正确，但路径与 redirect_uri 不同。Web 服务器或内网穿透改动了路径，请让它原样转发

## callback（手机上的页面）
callback-account-title = 绑定失败
callback-account-why = 微信拒绝了服务号的配置，无法完成授权。
callback-again-todo = 请在微信中重新扫描二维码或打开链接，再次授权。
callback-bad-code-title = 授权无效
callback-bad-code-why = 该授权码不是微信返回的。
callback-bound-nickname = 微信昵称
callback-bound-title = 绑定成功
callback-bound-todo = 现在可以关闭本页面。
callback-bound-user = 用户
callback-bound-why = 发给以下用户的消息，会由服务号发送到这个微信。
callback-follow-picture = 服务号二维码
callback-follow-search-todo = 请在微信中搜索服务号名称并关注。
callback-follow-title = 还差一步：关注服务号
callback-follow-todo = 请长按二维码，选择“识别图中二维码”，然后关注服务号。
callback-follow-unknown-todo = 如果还没有关注服务号，请现在关注：不关注就收不到消息。
callback-follow-why = 绑定已完成，关注服务号之后才能收到消息。
callback-link-used-title = 链接已被使用
callback-link-used-why = 该链接已完成绑定，只能使用一次。
callback-log-bad-code = code 的格式不正确，不是微信返回的授权码
callback-log-late-code = 绑定已完成，收到了另一个 code
callback-log-method = 请求方法不是 GET
callback-log-no-code = state 正确，但没有 code（可能是链接预检）
callback-log-path = 路径与 redirect_uri 不同
callback-log-refused = 微信拒绝了 code（错误码 { $errcode }）
callback-log-repeated = state 或 code 重复出现
callback-log-snapshot = 快照页的虚拟账号
callback-log-state = state 缺失或错误
callback-log-used = 微信返回 code 已被使用
callback-log-wrong-path = state 正确，但路径与 redirect_uri 不同
callback-method-title = 不支持的访问方式
callback-method-why = 此地址仅用于微信授权后的回调。
callback-new-link-todo = 请向管理员索取新的二维码，再用微信扫描。
callback-no-code-title = 尚未授权
callback-no-code-why = 本页面没有收到微信的授权结果。
callback-no-code-todo = 请在微信中扫描二维码或打开链接，并允许授权。
callback-no-randomness = 无法从操作系统获取随机数
callback-not-saved-title = 绑定未保存
callback-not-saved-why = 微信已确认你的身份，但服务器未能保存绑定。
callback-operator-todo = 请联系管理员处理，然后扫描新的二维码。
callback-path-title = 页面不存在
callback-path-why = 此地址没有页面。
callback-refused-title = 授权已失效
callback-refused-why = 微信没有接受这次授权，授权可能已过期。
callback-repeated-title = 请求有误
callback-repeated-why = 链接参数重复。
callback-scan-todo = 请用微信扫描二维码，或在微信中打开链接。
callback-snapshot-title = 请使用完整服务
callback-snapshot-why = 你打开的是快照页。微信只提供了虚拟账号，无法接收消息。
callback-snapshot-todo = 请轻触页面右下角的“使用完整服务”，然后重新扫描二维码。
callback-state-title = 链接无效
callback-state-why = 没有等待此次授权的绑定。链接可能已过期，或属于另一次绑定。
callback-stopping-title = 绑定尚未完成
callback-stopping-why = 服务器正在停止，未能完成本次绑定。
callback-stopping-todo = 请稍后在微信中重新扫描二维码或打开链接，再次授权。
callback-unreachable-title = 暂时无法连接微信
callback-unreachable-why = 服务器暂时无法连接微信，绑定尚未完成。
callback-unreachable-todo = 请稍后刷新本页面。
callback-used-title = 授权码已被使用
callback-used-why = 该授权码已使用，每个授权码只能使用一次。

## cli
cli-argument-twice = 参数 { $arg } 只能使用一次
cli-conflict = 参数 { $arg } 不能与 { $other } 同时使用
cli-conflict-several = 参数 { $arg } 不能与这些参数同时使用：{ $others }
cli-expected-color = 颜色必须写作 # 加六位十六进制数字，例如 #173177
cli-expected-concurrency = 必须在 1 到 1024 之间
cli-expected-field = 必须写作 KEY=VALUE
cli-expected-key = 幂等键不能为空，请检查变量是否已设置
cli-expected-keyword = 必须是单行的关键词
cli-expected-mini-program = 必须写作 APPID:PATH
cli-expected-name = “--”之前缺少用户名，请检查变量是否已设置
cli-expected-positive = 必须大于 0
cli-expected-shorter = 不能超过 100 年
cli-expected-span = 请用数字加单位，例如 90s、5m、24h 或 30d
cli-expected-template-number = 必须是数字编号（例如 43216），或由字母和数字组成
cli-expected-time = 请用时长（1d）、时刻（22:00）、日期（2026-11-28）、日期加时刻（"2026-11-28 22:00"）、today（今天）或 yesterday（昨天）
cli-expected-whole = 必须是整数
cli-help-hint = 运行 `{ $command } -h` 可查看用法
cli-invalid = 命令行有误
cli-missing = 缺少 { $arg }
cli-missing-bind-user = 缺少用户：请用 --user NAME 指定，或用 --unbound 选择全部未绑定的用户
cli-missing-content = 缺少消息内容：请给出文本、-（标准输入）、--template T 或 --image FILE
cli-missing-one-of = 需要以下参数之一：{ $args }
cli-missing-recipient = 缺少接收者：请用 --user NAME、--tag TAG 或 --all 指定
cli-missing-report-recipient = 缺少接收者：请用 --user NAME 或 --tag TAG 指定
cli-missing-template = 缺少模板：请用 --template T 或 --subscribe T 指定
cli-no-command = 没有指定命令
cli-no-command-hint = 请运行 `{ $command } --help` 查看所有命令
cli-not-unicode = 参数不是有效的 UTF-8
cli-send-hint = 运行 `wxbox send --user NAME TEXT`；更多用法见 `wxbox send -h`
cli-unknown-argument = 无法识别的参数“{ $arg }”
cli-unknown-command = 没有名为“{ $name }”的命令
cli-unknown-option = 没有名为 { $arg } 的选项
cli-usage = 用法为 { $usage }
cli-user-option-hint = 请运行 `{ $line }`
cli-value-invalid = { $arg } 的值“{ $value }”无效
cli-value-missing = { $arg } 需要一个值
cli-value-possible = { $what }，可用的值：{ $values }
cli-value-refused = { $arg } 的值“{ $value }”无效：{ $cause }
cli-value-surplus = 参数 { $arg } 不接受值“{ $value }”

## completion（候选项的说明）
completion-command = 后面是要运行的命令
completion-message = { $state }；{ $kind }，发给“{ $user }”，{ $ago }
completion-message-openid = { $state }；{ $kind }，{ $ago }
completion-state-errcode = { $state }（{ $code }）
completion-unbound = 未绑定


## config
config-alone = { $at }：{ $key } 必须与 { $partner } 一起设置
config-changed-by-other = { $path } 已被其他程序修改，因此没有写入
config-directory = { $path } 是目录，不是配置文件
config-directory-hint = 请指定该目录中的文件，例如 { $path }
config-expected-address = 主机和端口，例如 "0.0.0.0:80"、"[::1]:8080" 或 ":80"（本机的所有地址）
config-expected-aes-key = EncodingAESKey，由 43 个字母（A-Z、a-z）、数字、+ 或 / 组成
config-expected-api-base = https 地址或地址列表，不带用户名、查询参数和片段（只有本机可以用 http，例如 http://127.0.0.1:8899）
config-expected-app-id = 带引号的 AppID，例如 "wx3d0d44e8d59b5b8c"
config-expected-base = http 或 https 地址，不带用户名、查询参数和片段
config-expected-color = 颜色，写作 "#RRGGBB"
config-expected-concurrency = 1 到 1024 的整数
config-expected-data = 带引号的文本、数字，或 {"{"} value = "…", color = "#RRGGBB" {"}"}
config-expected-duration = 带引号的时长，例如 "30s"、"5m" 或 "24h"
config-expected-forward = https 地址，或本机的 http 地址，例如 "http://127.0.0.1:9000/wx"，不带片段
config-expected-language = "zh" 或 "en"
config-expected-link = http 或 https 地址
config-expected-path = 带引号的路径
config-expected-proxy = http 或 https 地址，例如 "http://proxy.example.com:3128"
config-expected-push-path = 以 / 开头的路径，例如 "/push"；不能是 /、/healthz 或 /metrics，不能含有空格、? 或 #
config-expected-push-token = Token，由 3 到 32 个字母（A-Z、a-z）或数字组成
config-expected-recipients = 接收者，例如 "luffy"、"tag:ops"、"openid:ID" 或 "all"，或由它们组成的列表
config-expected-redirect-uri = 完整的 http 或 https 地址，不带用户名、密码和片段
config-expected-scope = "snsapi_userinfo" 或 "snsapi_base"
config-expected-table = TOML 表
config-expected-text = 带引号的文本，不能为空
config-expected-time-zone = 带引号的时区名称，例如 "Asia/Shanghai"
config-expected-timeout = 带引号的时长，必须大于 0，例如 "10s"、"5m" 或 "24h"
config-expected-token-endpoint = "stable" 或 "classic"
config-expected-whole = 整数，0 表示不限制
config-missing-app-id = 没有设置 app_id
config-missing-app-id-hint = 请在 { $path } 中设置 app_id，或设置环境变量 WXBOX_APP_ID
config-missing-app-secret = 没有设置 app_secret
config-missing-app-secret-hint = 请在 { $path } 中设置 app_secret 或 app_secret_file，或设置环境变量 WXBOX_APP_SECRET 或 WXBOX_APP_SECRET_FILE
config-missing-file = 没有配置文件
config-missing-file-hint = 请运行 `wxbox init`，按提示填写，生成 { $path }
config-missing-listen-address = 没有设置监听地址，也无法从 redirect_uri 推断
config-missing-listen-address-hint = 请用 --listen，或在 { $path } 中设置 listen.address，填写前置服务器转发回调的目标地址，例如 "127.0.0.1:8080"
config-missing-push-token = 没有设置 push.token
config-missing-push-token-hint = 请在 { $path } 的 [push] 中设置 token 和 aes_key，或设置环境变量 WXBOX_PUSH_TOKEN 和 WXBOX_PUSH_AES_KEY，填写“微信开发者平台 → 我的业务 → 服务号 → 消息推送”中的 Token 和 EncodingAESKey；测试号没有 aes_key
config-missing-redirect-uri = 没有设置 redirect_uri
config-missing-redirect-uri-hint = 请在 { $path } 中设置 redirect_uri，或设置环境变量 WXBOX_REDIRECT_URI，填写微信授权后手机跳转的地址，例如 "http://203.0.113.7/callback/"
config-no-file = 配置文件 { $path } 不存在
config-no-file-hint = 该路径由 { $origin } 指定，请检查路径是否正确
config-no-home = 未设置 HOME，无法确定数据库的存放位置
config-no-home-hint = 请用 --database 或环境变量 WXBOX_DATABASE 指定数据库文件
config-not-a-path = { $from } 的值不是路径：含有多行内容或控制字符
config-not-a-path-hint = 请填写文件的路径，不是文件的内容
config-not-own = { $path } 属于其他用户（uid { $owner }），该用户可以修改 wxbox 的配置
config-not-own-hint = 请把文件的所有者改为运行 wxbox 的用户或 root：`sudo chown "$(id -un)" '{ $path }'`
config-not-unicode = 环境变量 { $name } 的值不是有效的 Unicode
config-not-utf8 = { $path }:{ $line }：不是有效的 UTF-8
config-not-utf8-hint = 请把文件另存为 UTF-8 编码
config-origin-default = 默认值
config-path-absent = { $path } 不存在
config-push-path-hint = 请为 push.path 设置与 redirect_uri 不同的路径
config-readable = 本机的所有用户都能读取 { $path }，其中含有敏感信息
config-readable-hint = 请运行 `chmod 600 '{ $path }'`
config-redirect-hint = 例如 "http://203.0.113.7/callback/"；请把主机填入“网页授权域名”（“微信公众平台 → 设置与开发 → 账号设置 → 功能设置”）
config-secret-empty = 凭据文件 { $path } 是空的
config-secret-file-hint = 请确认文件中只有 { $secret }
config-secret-no-file = { $from } 指定的 { $secret } 文件不存在
config-secret-no-file-hint = 请填写保存 { $secret } 的文件的路径；{ $secret } 本身应写在配置项 { $key } 或环境变量 { $variable } 中
config-secret-no-file-no-variable = 请填写保存 { $secret } 的文件的路径；{ $secret } 本身应写在配置项 { $key } 中
config-secret-not-text = AppSecret 文件 { $path } 的内容不是文本
config-secret-several = { $from } 的值不是 AppSecret：含有多行内容或控制字符
config-secret-unreadable = 无法读取凭据文件 { $path }：{ $reason }
config-secret-unreadable-hint = 请确认文件存在，并允许运行 wxbox 的用户读取
config-syntax = { $path }:{ $line }:{ $column }：TOML 语法错误
config-syntax-hint = 请给文本加上引号：key = "value"
config-syntax-twice = { $path }:{ $line }:{ $column }：TOML 语法错误：此处的设置与前面重复
config-table = { $at }：{ $key } 必须是 TOML 表，写作 [{ $key }]
config-unexpanded = { $from } 的路径含有 $ 或 ~，wxbox 不会像 shell 那样展开
config-unexpanded-hint = 请写出完整的路径；路径开头可以用 ~/
config-twice = { $at }：{ $second } 与 { $first } 重复
config-twice-hint = 请只保留 { $first } 和 { $second } 中的一个
config-unknown-key = { $at }：没有配置项 { $key }
config-unknown-key-hint = 请查看 config.example.zh-CN.toml 中的所有配置项
config-unknown-key-near = 是不是想输入“{ $nearest }”？
config-unknown-key-top = 是不是想输入“{ $nearest }”？该配置项必须写在第一个 [表] 之前
config-unknown-zone = { $at }：time_zone 的值不是有效的时区
config-unknown-zone-hint = 请使用“大洲/城市”形式的时区名称，例如 "Asia/Shanghai" 或 "Europe/Berlin"；/usr/share/zoneinfo 下有所有名称
config-unreadable = 无法读取配置文件 { $path }：{ $reason }
config-unreadable-hint = 请允许运行 wxbox 的用户读取 { $path }
config-unset = （未设置）
config-value = { $at }：{ $key } 的值不正确，应为：{ $expected }
config-writable = 其他用户可以修改 { $path }（权限 { $mode }），进而控制 wxbox 的行为
config-writable-hint = 请运行 `chmod go-w '{ $path }'`
config-argument-duration = 时长，例如 30s、5m 或 24h
config-argument-language = zh 或 en
config-argument-path = 路径
config-argument-scope = snsapi_userinfo 或 snsapi_base
config-argument-text = 文本，不能为空
config-argument-time-zone = 时区名称，例如 Asia/Shanghai
config-argument-timeout = 时长，必须大于 0，例如 10s、5m 或 24h
config-argument-token-endpoint = stable 或 classic
config-edit-again = 要重新编辑吗？（选“否”将放弃修改）
config-edit-overwrite = 要用你编辑的内容覆盖吗？
config-edit-script-hint = 在脚本中请用 `wxbox config set KEY VALUE`
config-get-secret = { $key } 是敏感信息，wxbox 不会输出
config-is-table = { $key } 是 TOML 表，不是单个配置项
config-is-table-hint = 请使用其中的配置项：{ $keys }
config-no-key = 没有配置项 { $key }
config-no-key-hint = 请运行 `wxbox config show` 查看所有配置项
config-not-in-file = { $path } 中没有设置 { $key }
config-not-set = 没有设置 { $key }
config-overridden = 环境变量 { $variable } 的值优先于配置文件中的 { $key }
config-set-alone = { $key } 必须与 { $partner } 一起设置
config-set-alone-hint = 请同时设置：`wxbox config set{ $line }`
config-set-conflict = { $second } 与 { $first } 重复
config-set-conflict-hint = 请先运行 `wxbox config unset { $key }`
config-set-done = 已设置 { $key } = { $value }（{ $path }）
config-set-invalid = { $key } 的值不正确，应为：{ $expected }
config-set-no-secret-hint = 请在终端中运行 `wxbox config set { $key }`，或运行 `wxbox config set { $key } -` 并通过标准输入提供
config-set-no-value = 缺少 { $key } 的值
config-set-no-value-hint = 请运行 `wxbox config set { $key } VALUE`；VALUE 为 - 时从标准输入读取
config-set-odd-secret = { $key } 的值不像 AppSecret（应为 32 个字符，只含 0-9 和 a-f）；请运行 `wxbox doctor` 检查
config-set-prompt = { $key }（输入时不显示）
config-set-secret = { $key } 的这个值是敏感信息，不能写在命令行参数中：本机的其他用户能看到命令行参数
config-set-secret-done = AppSecret 已写入 { $path }；请运行 `wxbox doctor` 验证
config-set-secret-hint = 请运行 `wxbox config set { $key } -` 并通过标准输入提供；刚才输入的值已留在 shell 的历史记录中，请从中删除；如果可能已被他人看到，请更换
config-set-stdin-twice = 已用 --stdin 从标准输入读取，不能再填写 VALUE
config-set-stdin-unusable = 标准输入必须是一行文本
config-set-unknown-zone = 没有这个时区
config-unset-alone-hint = 请同时删除：`wxbox config unset { $key } { $partner }`
config-unset-done = 已从 { $path } 删除 { $key }

## demo
demo-config = 配置（{ $path }）：
demo-console = 已在沙箱（模拟微信开发者平台）中填写 { $url }、Token 和 EncodingAESKey，沙箱已验证该 URL。
demo-directory = 无法在 { $path } 中创建演示用的临时目录：{ $cause }
demo-directory-hint = 请用环境变量 TMPDIR 指定其他位置
demo-done = 演示完成：添加一个用户、扫一次码完成绑定、发送两条消息、收到一个送达回执。临时目录 { $dir } 已删除。
demo-events = `wxbox serve` 收到的事件：
demo-failed = 演示在 `{ $command }` 处停止（退出码 { $status }）
demo-inbox = “{ $person }”收到的消息（运行 `wxbox sandbox` 可在浏览器中试用）：
demo-intro = 演示环境：本地模拟的微信平台、临时的 HOME 目录，以及当前的 wxbox。
demo-no-person = 没有用户完成绑定
demo-no-receipt = 没有收到送达回执
demo-phone = “{ $person }”用微信扫描该二维码……
demo-phone-failed = 沙箱拒绝了演示的请求（HTTP { $status }）
demo-send-text = 来自 wxbox 的问候 你好 👋
demo-start = 无法启动 wxbox

## delivery
delivery-attempt = 消息 { $id }：{ $state ->
    [sent] 已发送
    [queued] 排队中
    [failed] 失败
    [unknown] 结果未知
    [cancelled] 已取消
    [expired] 已过期
   *[other] { $state }
}
delivery-attempts = 已尝试 { $attempts } 次，不再重试：{ $error }
delivery-broken-hint = 请不要重复发送：{ $sent } 条已发送，{ $queued } 条仍在排队（运行 `wxbox outbox flush` 发送），{ $unknown } 条可能已送达。{ $hint }
delivery-clock = 按本机时钟，消息已过期，但没有其他时间源可以核对；一分钟后再检查
delivery-expired = 已过期，在有效期内没有发出
delivery-expired-after = 已过期，在有效期内没有发出；最后一次尝试的结果：{ $error }
delivery-file-gone = { $file } 的副本已不存在，无法上传
delivery-locked = 数据库 { $path } 被其他进程锁定：有 { $count } 条消息正在发送，锁释放后再写入结果
delivery-no-answer-yet = 在收到微信的响应之前被中断
delivery-no-thread = 无法创建更多线程（{ $cause }），因此最多同时发送 { $count } 个请求
delivery-part-cut = 前一段（消息 { $id }）没有发出
delivery-part-waits = 等待前一段（消息 { $id }）发出
delivery-process-gone = 发送进程在收到微信的响应之前已结束
delivery-rebound = 消息可能已送达“{ $user }”之前绑定的微信，不会自动重发
delivery-refused-brief = { $code }：{ $meaning }
delivery-thread = 无法创建线程
delivery-unbound = “{ $user }”已解除绑定
delivery-unrecorded = 消息 { $id } 已尝试发送（当前状态：{ $state ->
    [sent] 已发送
    [queued] 排队中
    [failed] 失败
    [unknown] 结果未知
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
doctor-apis-denied = 服务号没有以下接口的权限：{ $apis }
doctor-apis-fix = 只有已认证的服务号和测试号才有这些权限；请在“微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度”中查看
doctor-apis-none = 服务号既不能发送模板消息，也不能发送客服消息
doctor-apis-unknown = 无法获取服务号的接口权限
doctor-apis-used-up = 以下接口今日的调用额度已用完：{ $apis }
doctor-apis-used-up-fix = 请等到北京时间零点后，或运行 `wxbox quota clear` 立即清零（每月 10 次）
doctor-app-id-fix = AppID 应为 wx 加 16 个字符，只含 0-9 和 a-f；请与服务号或测试号页面上的 AppID 核对
doctor-app-id-odd = { $app_id } 不是有效的 AppID
doctor-blind = 配置无法读取，其余项目未检查
doctor-callback = 通过 { $uri } 可以访问到本机
doctor-callback-broken = 连接中断
doctor-callback-failed = 无法访问 { $uri }：{ $cause }
doctor-callback-far = { $uri } 不是本机的地址，从本机也无法访问：{ $cause }
doctor-callback-far-fix = 云服务器：请在安全组（轻量应用服务器为“防火墙”）中放行 TCP 端口 { $port }，并检查系统防火墙。家用或办公网络：可能是路由器不支持 NAT 回环，请运行 `wxbox bind`，用手机流量打开该地址验证
doctor-callback-name-fix = redirect_uri 中的域名必须解析到本机，或解析到转发回调的服务器
doctor-callback-other = 访问 { $uri } 时，响应的是其他程序（HTTP 状态码 { $status }）
doctor-callback-other-fix = 请让该 Web 服务器或内网穿透把路径和查询参数原样转发到 { $address }
doctor-callback-own-fix = redirect_uri 指向本机，但访问不到 bind 监听的 { $address }：请核对端口，并检查安全组和系统防火墙（firewalld、ufw）
doctor-callback-router-fix = 响应的是其他程序：请让它把该路径转发到 { $address }；如果是路由器在响应（不支持 NAT 回环），请在 `wxbox bind` 等待时用手机流量打开该地址验证
doctor-callback-tls-fix = 请使用手机信任的证书：域名与 redirect_uri 一致，并包含完整的证书链
doctor-checks-passed = 全部 { $count } 项检查通过
doctor-checks-passed-unlisted = 全部 { $count } 项检查通过（`wxbox -v doctor` 可列出）
doctor-clock = 本机时间与 { $host } 一致
doctor-clock-ahead = 本机时间比 { $host } 快 { $time }
doctor-clock-behind = 本机时间比 { $host } 慢 { $time }
doctor-clock-fix = 请校准系统时间并开启自动同步：`timedatectl set-ntp true`
doctor-config-none = 没有配置文件（{ $path }）
doctor-config-none-fix = 请运行 `wxbox init` 生成配置文件
doctor-credentials = AppID 为 { $app_id }，AppSecret 来自 { $from }
doctor-damaged = 数据库 { $path } 已损坏：{ $cause }
doctor-database = { $path } 完好（数据库结构版本 { $schema }）
doctor-database-cannot = 无法创建 { $path }：{ $dir }：{ $cause }
doctor-database-cannot-fix = 请用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定另一个文件，wxbox 必须能写入该文件所在的目录
doctor-database-large = { $seconds } 秒内没有检查完 { $path }；已检查的部分完好
doctor-database-large-fix = 请运行 `wxbox outbox prune --older-than 30d` 清理已结束的消息；如果文件不大，可能是磁盘太慢
doctor-database-none = { $path } 尚未创建，首次使用时自动创建
doctor-database-old = { $path } 完好；下一条命令会把数据库结构版本从 { $found } 升级到 { $known }，并在同一目录保留一份副本
doctor-database-open = 其他用户可以读写 { $path }，其中含有 access_token 和 openid
doctor-database-open-fix = 请运行 `chmod o-rwx '{ $path }'`
doctor-dir-writable = 其他用户可以写入 { $dir }，进而替换 { $file }
doctor-failures = { $failures } 项失败，{ $warnings } 项警告
doctor-ip-list = 微信接受本机的请求
doctor-fixed-mode = 已把 { $path } 的权限从 { $old } 改为 { $new }
doctor-fixed-owner = 已把 { $path } 的所有者改为 root
doctor-late = { $seconds } 秒内没有完成检查
doctor-late-fix = 某个环节没有响应。请检查网络、磁盘，以及是否有其他进程锁住了数据库
doctor-looking = 正在检查
doctor-name-apis = 接口权限
doctor-name-callback = 回调
doctor-name-clock = 时钟
doctor-name-config = 配置
doctor-name-credentials = 凭据
doctor-name-database = 数据库
doctor-name-ip-list = API IP 白名单
doctor-name-names = 域名解析
doctor-name-outbox = 发件箱
doctor-name-permissions = 文件权限
doctor-name-port = 端口
doctor-name-proxy = 代理
doctor-name-push = 事件推送
doctor-name-push-url = 推送地址（本机验证）
doctor-name-push-url-outside = 推送地址（微信检测）
doctor-name-receipts = 送达回执
doctor-name-recipients = 默认接收者
doctor-name-redirect-uri = redirect_uri
doctor-name-rejected-pushes = 被拒绝的推送
doctor-name-serve = serve 进程
doctor-name-served-config = serve 的配置
doctor-name-space = 磁盘空间
doctor-name-templates = 模板
doctor-name-tls = TLS
doctor-name-token = access_token
doctor-name-unknown = 域名不存在
doctor-names = 已解析 { $names }
doctor-names-failed = 无法解析 { $name }：{ $cause }
doctor-names-fix = 请检查网络和 /etc/resolv.conf；如果需要代理，请设置 network.proxy
doctor-names-none = 没有需要解析的域名
doctor-names-proxy = 由代理解析
doctor-not-fixed = 不能修改 { $path } 的权限：{ $cause }
doctor-outbox-empty = 没有排队的消息
doctor-outbox-overdue = { $count } 条消息已到发送时间，但没有进程在发送，最早的一条已超时 { $age }
doctor-outbox-overdue-fix = 请保持 `wxbox serve` 运行，或让 cron 或定时器每隔几分钟运行一次 `wxbox outbox flush`
doctor-outbox-queued = 有 { $count } 条消息在排队，最早的一条已等待 { $age }
doctor-outbox-unknown = 最近一天有 { $count } 条消息结果未知
doctor-outbox-unknown-fix = 请运行 `wxbox outbox list --state unknown` 查看；如果要重发，请运行 `wxbox outbox retry --unknown`，部分用户可能收到两次
doctor-passed = { $count } 项检查通过
doctor-passed-unlisted = { $count } 项检查通过（`wxbox -v doctor` 可列出）
doctor-permissions = 其他用户无法读取或替换含有敏感信息的文件
doctor-permissions-none = { $path } 所在的文件系统不支持权限位，能访问该挂载点的用户都能读取
doctor-port = { $address } 未被占用
doctor-port-fix = 端口被其他程序占用（可能是正在等待的 `wxbox bind`）：请停止该程序，或把 listen.address 改为其他端口，并让 redirect_uri 指向该端口
doctor-port-serve = `wxbox serve` 正在监听 { $address }
doctor-proxy-failed = 无法连接 { $proxy }：{ $cause }
doctor-proxy-none = 未使用
doctor-push-outside = 微信的服务器解析为 { $addresses }；{ $count } 个检测点中，{ $reached } 个能 ping 通
doctor-push-outside-lost = 微信的服务器 ping 不通 { $addresses }
doctor-push-outside-lost-fix = 请在安全组和防火墙中放行推送地址的端口；如果只是禁止了 ping，可以忽略
doctor-push-outside-name = 微信的服务器无法解析已填写的推送地址中的域名
doctor-push-outside-name-fix = 请核对微信页面上填写的 URL 与 serve.public_url，并检查域名的解析记录
doctor-push-outside-none = 该服务号没有设置推送地址，或没有开启消息推送
doctor-push-outside-none-fix = 请先启动 `wxbox serve`，再到以下页面填写 URL { $url }：{ $place }
doctor-push-outside-resolved = 微信的服务器解析为 { $addresses }
doctor-push-plain = 没有设置 push.aes_key，只接受不加密的事件；Token 来自 { $from }
doctor-push-plain-real = 从调用额度看，这是正式服务号，但事件没有加密
doctor-push-plain-real-fix = 请在“微信开发者平台 → 我的业务 → 服务号 → 消息推送”中选择“安全模式”，并把页面上的 EncodingAESKey 填入 push.aes_key
doctor-push-safe = 只接受加密的事件（安全模式）；Token 来自 { $from }
doctor-push-url = { $url } 能通过微信的验证
doctor-push-url-changed = { $url } 的响应中，echostr 前后有多余的字符
doctor-push-url-changed-fix = 响应来自其他程序，或被改动过：请把推送路径原样转发到 `wxbox serve`
doctor-push-url-far-fix = 请在安全组和系统防火墙中放行 TCP 端口 { $port }；也可能是路由器不支持 NAT 回环，这时微信仍可能访问得到
doctor-push-url-fix = 请把 serve.public_url 设为通向 `wxbox serve` 的地址，端口为 80 或 443
doctor-push-url-name-fix = serve.public_url 中的域名必须解析到本机，或解析到转发事件的服务器
doctor-push-url-none = 无法确定微信向哪个地址推送事件
doctor-push-url-none-fix = 请在配置中设置 serve.public_url
doctor-push-url-own-fix = 请核对 serve.public_url 的端口与 serve 监听的 { $address }，并检查系统防火墙
doctor-push-url-path = { $url } 不存在（HTTP 404）：该路径没有通向 `wxbox serve`
doctor-push-url-path-fix = 请让该 Web 服务器或内网穿透把 push.path 和查询参数原样转发到 { $address }
doctor-push-url-proxy = { $url } 的 Web 服务器连接不到 `wxbox serve`（HTTP { $status }）
doctor-push-url-proxy-fix = 请让它把 push.path 转发到 `wxbox serve` 监听的 { $address }
doctor-push-url-quoted = { $url } 的响应给 echostr 加了引号，微信不接受
doctor-push-url-redirect = { $url } 返回重定向（HTTP { $status }），微信不会跟随
doctor-push-url-redirect-fix = 请把 serve.public_url 设为重定向后的地址，并在微信页面上填写该地址
doctor-push-url-serve-token-fix = 如果改过 push.token，请运行 `systemctl reload wxbox-serve`，或重启 `wxbox serve`；否则请让推送路径通向它，而不是其他程序
doctor-push-url-tls-fix = 请使用受信任机构签发的证书：域名与 serve.public_url 一致，并包含完整的证书链
doctor-push-url-token = { $url } 返回 HTTP 403，没有通过签名验证：响应请求的程序使用的是另一个 Token
doctor-push-url-token-fix = 请让推送路径通向 { $address } 上的 `wxbox serve`，或把 push.token 设为该程序的 Token
doctor-receipts-failed = 最近一天有 { $count } 条消息在微信接收后没有送达
doctor-receipts-failed-fix = 请运行 `wxbox outbox list --receipt failed --since 1d` 查看
doctor-redirect = { $uri }；请确认“网页授权域名”填的是 { $enter }
doctor-recipients = { $names }（{ $at }）
doctor-recipients-fix = 请修改 send.to（{ $at }），或运行 `wxbox user list` 查看用户和标签
doctor-redirect-fix = 请运行 `wxbox config set redirect_uri URL`，改为手机能访问的地址
doctor-redirect-near = { $uri }：只有同一局域网内的手机能访问（云服务器请改用公网 IP）；请确认测试号页面的“网页授权获取用户基本信息”填的是 { $enter }
doctor-redirect-real = { $uri }：从调用额度看，这是正式服务号，手机会显示错误 10003。原因：{ $why }
doctor-redirect-real-fix = 请使用已备案的域名，不带端口，并填入“网页授权域名”（“微信公众平台 → 设置与开发 → 账号设置 → 功能设置”）
doctor-redirect-sandbox = { $uri }；沙箱接受任何地址
doctor-redirect-test = { $uri }；请确认测试号页面的“网页授权获取用户基本信息”填的是 { $enter }
doctor-redirect-test-only = { $uri } 只能用于测试号。原因：{ $why }
doctor-redirect-test-only-fix = 测试号：请在“网页授权获取用户基本信息”中填写 { $enter }。正式服务号：请改用已备案的域名
doctor-secret-fix = AppSecret 应为 32 个字符，只含 0-9 和 a-f：请重新完整复制。不需要重置（重置后，仍使用旧 AppSecret 的程序将无法调用接口）
doctor-secret-odd = { $from } 中的 AppSecret 格式不正确
doctor-serve = 正在运行；{ $last }
doctor-serve-event = 最近一次事件在 { $age }前
doctor-serve-fix = 请运行 `wxbox serve`，或 `systemctl enable --now wxbox-serve`；如果由其他服务器用 `wxbox event` 传入事件，可以不运行
doctor-serve-no-event = 最近一天没有收到事件
doctor-serve-stopped = 没有 `wxbox serve` 在使用这个数据库；{ $last }
doctor-served-differs = 以下配置项已修改，`wxbox serve` 仍在使用原来的值：{ $keys }
doctor-served-old = { $path } 修改后，`wxbox serve` 没有重新加载；修改的配置项：{ $keys }
doctor-served-other = `wxbox serve` 读取的是 { $path }，以下配置项的值与当前配置不同：{ $keys }
doctor-served-other-fix = 请用 -c 指定该文件重新运行，或让 `wxbox serve` 改用当前配置并重启
doctor-served-reload-fix = 请运行 `systemctl reload wxbox-serve`，或重启 `wxbox serve`
doctor-served-restart-fix = 请运行 `systemctl restart wxbox-serve`，或重启 `wxbox serve`：重新加载不会改变监听地址
doctor-served-unknown-url = `wxbox serve` 仍在使用旧配置，{ $url } 不可用
doctor-skipped = 前面的检查失败，以下检查已跳过：{ $names }
doctor-space = { $dir } 的可用空间为 { $free }
doctor-space-fix = 请清理磁盘：磁盘写满后，消息无法进入队列
doctor-templates = { $count } 个模板别名都有效
doctor-templates-fields = 别名“{ $name }”设置了模板中没有的字段：{ $fields }
doctor-templates-fields-fix = 请修改 [templates.{ $name }.data]；模板中的字段有：{ $fields }
doctor-templates-none = 配置中没有定义模板别名
doctor-templates-own-key-fix = 请把 { $keys } 移到配置文件开头、第一个方括号行之前：写在模板的表中会被当作模板字段
doctor-templates-values = 别名“{ $name }”：{ $findings }
doctor-templates-values-fix = 请修改 [templates.{ $name }.data]，并运行 `wxbox template check { $name }` 预览接收者看到的内容
doctor-tls = 可以访问 { $hosts }，证书有效
doctor-tls-none = 可以访问 { $hosts }，未使用 TLS
doctor-token = AppID 和 AppSecret 有效
doctor-token-kept = 缓存的 access_token 有效期至 { $time }。没有验证 AppSecret，因为 token_endpoint = "classic" 时，重新获取会使其他程序的 access_token 失效
doctor-warnings = 0 项失败，{ $warnings } 项警告
init-again = 是否重试？
init-alias = 已为模板“{ $title }”添加别名 { $alias }
init-all-the-same = 是否仍然写入配置？
init-app-id = AppID
init-begin = 将创建 { $path }。输入 < 可返回上一个问题；按 Ctrl-C 可退出，不做任何修改。
init-begin-existing = 将修改 { $path }：按回车保留现有设置，文件中的其他内容不变。输入 < 可返回上一个问题；按 Ctrl-C 可退出，不做任何修改。如需重新生成配置文件，请加 --force。
init-ca-file = CA 证书文件（PEM），没有时直接按回车
init-ca-file-hint = 如果代理或防火墙会解密 TLS 流量，请用 --ca-file 指定 CA 证书文件（PEM）
init-ca-file-not-utf8 = 路径 { $path } 不是有效的 UTF-8，无法写入配置
init-cannot-write = 无法写入 { $path }：{ $cause }
init-cannot-write-hint = 请用 -c 或环境变量 WXBOX_CONFIG 指定其他位置
init-app-id-again = 请修改；如果确认无误，直接按回车
init-cancelled = 已取消，未写入任何文件
init-console = 请填写 { $enter }：测试号填入测试号页面的“网页授权获取用户基本信息”，正式服务号填入“网页授权域名”（“微信公众平台 → 设置与开发 → 账号设置 → 功能设置”）。
init-console-test = 请在测试号页面的“网页授权获取用户基本信息”中填写 { $enter }。该地址只能用于测试号：{ $why }。
init-redirect-scheme = 缺少 http://；直接按回车会自动加上
init-expected-app-id = AppID，例如 wx3d0d44e8d59b5b8c
init-events = 是否接收微信推送的事件？
init-events-about = 接收事件（消息推送）后，可以得知模板消息是否送达、谁取消了关注，还可以扫一次码就完成关注和绑定。开启后，在微信公众平台上设置的自动回复和自定义菜单会失效。一个服务号只有一个推送地址：如果其他程序也要接收，请在配置中设置 push.forward_to。
init-events-checked = 微信已验证 URL 和 Token，但不验证消息加解密方式和 EncodingAESKey：请运行 `wxbox serve`，用手机给服务号发一条消息，再运行 `wxbox doctor`。
init-events-enter = 请在“微信开发者平台 → 我的业务 → 服务号 → 消息推送”中填写以下内容并保存：
init-events-enter-sandbox = 请在沙箱页面 { $url } 的“接口配置（消息推送）”中填写以下内容并保存：
init-events-enter-test = 请在测试号页面的“接口配置信息”中填写以下内容并提交：
init-events-exist = { $path } 中已有接收事件的 Token
init-events-exist-hint = 要更换 Token 和 EncodingAESKey，请在终端中运行 `wxbox init`，或先运行 `wxbox config unset push.token push.aes_key`
init-events-file = Token 和 EncodingAESKey 已写入 { $path } 的 [push]。请先启动 `wxbox serve`，再到“微信开发者平台 → 我的业务 → 服务号 → 消息推送”填写，URL 为 { $url }，选择安全模式和 XML。
init-events-file-plain = Token 已写入 { $path } 的 [push]。请先启动 `wxbox serve`，再到测试号页面的“接口配置信息”填写，URL 为 { $url }。
init-events-format = 数据格式
init-events-later = 配置已写好：请运行 `wxbox serve`，再保存微信页面上的设置。可以用 `wxbox doctor` 检查该 URL。
init-events-mode = 消息加解密方式
init-events-mode-safe = 安全模式
init-events-mode-sandbox = 消息加解密方式
init-events-moved = 推送 URL 已变为 { $url }，请在微信的页面上修改
init-events-no-listener = 无法等待微信验证：{ $cause }
init-events-renew = 已设置接收事件。更换 Token 和 EncodingAESKey 后，需要在微信的页面上重新填写。是否更换？
init-events-serve-runs = `wxbox serve` 正在运行，使用的仍是原来的配置：请先运行 `systemctl reload wxbox-serve` 重新加载配置（或重启该服务），再在微信的页面上保存设置。
init-events-test-account = 这是测试号吗？测试号页面没有 EncodingAESKey，事件不加密。
init-events-timed-out = 微信没有在 { $time } 内验证该 URL
init-events-waiting = 等待微信验证该 URL（按 Ctrl-C 结束等待）
init-events-wrong-path = 微信验证的路径是 { $path }，而推送地址的路径是 { $right }
init-events-wrong-token = 收到一次验证，但 Token 不一致：请核对微信页面上填写的 Token
init-expected-listen = 主机和端口，例如 127.0.0.1:8080 或 :8080
init-expected-public-url = 不带查询参数的 http 或 https 地址，例如 https://wx.example.com
init-expected-redirect = 完整的 http 或 https 地址，例如 http://203.0.113.7:8080/callback/
init-expected-sandbox = 沙箱的地址，例如 http://127.0.0.1:8899
init-exists-hint = 加 --force 可替换该文件，原文件保存为同名的 .bak 文件
init-file-header =
    wxbox 配置文件，列出了所有配置项，由 `wxbox init` 生成。文件中含有 AppSecret，不要让其他用户读取。
    检查配置请运行 `wxbox doctor`。
    注释掉的行是示例，这些配置项没有默认值。其余各行中，不是你填写的都是默认值，可以删除。
init-kept = 原文件已保存为 { $path }
init-listen = 监听地址
init-listen-missing = redirect_uri 使用 https，必须指定监听方式：请在配置中设置 listen.address（Web 服务器或内网穿透转发回调的目标地址），或设置 listen.tls_cert 和 listen.tls_key，由 wxbox 提供 HTTPS
init-missing = 当前不是交互式终端，缺少以下参数：{ $options }
init-missing-hint = 请用选项指定，AppSecret 用环境变量 WXBOX_APP_SECRET 或标准输入；也可以在终端中运行 `wxbox init`，按提示填写
init-missing-secret = --secret-stdin（或环境变量 WXBOX_APP_SECRET）
init-must-be = 格式不正确，应为：{ $expected }
init-near = 下面是本机的内网地址，只有同一局域网内的手机能访问，可用于测试号。云服务器请改填公网 IP（EIP），并在安全组中放行该端口。正式服务号需要已备案的域名，例如 https://wx.example.com/callback/。
init-next = 下一步：
init-nothing = 没有改动任何文件
init-nothing-written = 没有写入任何文件：{ $cause }
init-others = 可选的本机地址：{ $others }
init-public = 下面是本机的公网地址，可用于测试号；如果是云服务器，请在安全组中放行该端口。正式服务号需要已备案的域名，例如 https://wx.example.com/callback/。
init-public-url = `wxbox serve` 的公网地址
init-redirect = 回调地址
init-replace = { $path } 已存在，是否替换？（原文件保存为同名的 .bak 文件）
init-review = 按回车继续，或输入序号修改该项
init-review-events = 接收事件
init-review-events-kept = 是，保留现有的 Token
init-review-events-plain = 是，不加密（明文模式）
init-review-events-safe = 是，加密（安全模式）
init-review-number = 请输入 1 到 { $count } 的序号，或按回车
init-sandbox-unreachable-hint = 请启动 `wxbox sandbox`；如果沙箱的地址不是 { $url }，请运行 `wxbox init --sandbox URL`
init-secret = AppSecret（输入时不显示）
init-secret-keep = AppSecret（输入时不显示；按回车保留现有的）
init-secret-length = AppSecret 应有 32 个字符，输入的内容有 { $length } 个
init-secret-sandbox = AppSecret（输入时不显示；按回车使用沙箱的 AppSecret）
init-secret-unusable = 标准输入必须是 AppSecret：一行，不能为空
init-trying = 正在验证 AppID 和 AppSecret……
init-trying-sandbox = 正在沙箱中验证 AppID 和 AppSecret……
init-unchecked = 配置已写入，但尚未验证；请运行 `wxbox doctor`
init-unreached-hint = 请检查网络和环境变量 HTTPS_PROXY；也可以用 --no-check 跳过验证，直接写入配置
init-value = { $option } 的值不正确，应为：{ $expected }
init-where-app-id = AppID 和 AppSecret：测试号见 https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login（免费，任何人都可以申请）；正式服务号见“微信开发者平台 → 我的业务 → 服务号 → 基础信息”，AppSecret 在其中的“开发密钥”处。
init-where-ca-file = 如果代理或防火墙会解密 TLS 流量，需要信任它的 CA 证书。证书文件请向网络管理员索取。
init-where-listen = Web 服务器或内网穿透把回调转发到本机的哪个地址？（没有前置服务器时填 :443，再在配置中设置 listen.tls_cert 和 listen.tls_key。）
init-where-public-url = 公网地址：微信的服务器向该地址推送事件，所以必须能从公网访问，端口为 80 或 443。可以由 Web 服务器或内网穿透转发到本机。
init-where-public-url-sandbox = 公网地址：沙箱向该地址推送事件，必须是本机的 http 地址，端口不限。
init-where-redirect = 回调地址：用户授权后，微信会让手机跳转到该地址，所以手机必须能访问它。
init-where-sandbox = 请填写 `wxbox sandbox` 输出的 AppID 和 AppSecret
init-works = 验证通过
init-written = 已写入 { $path }
redirect-ip = 主机是 IP 地址，正式服务号不支持
redirect-local = 手机无法解析该主机名：不含点的名称，以及 .local、.lan、.internal、.test 等保留域名，只在本地网络或测试中有效
redirect-loopback = 这是回环地址，手机会访问到手机自身
redirect-parameter = 查询参数中有 { $name }，该参数由微信自动添加，请去掉
redirect-port = 带有端口 { $port }，正式服务号不支持
ui-check-fix = 处理：{ $fix }
ui-check-result = { $name }：{ $detail }
ui-level-failure = 失败
ui-level-ok = 正常
ui-level-warning = 警告
ui-uploading = 正在上传 { $file }


## explain
event-form-hint = 请核对 app_id、push.aes_key 和消息加解密方式是否与微信开发者平台的“消息推送”一致
event-malformed-hint = 请把微信请求的正文原样传给标准输入；它是不超过 64 KiB 的 XML
event-recorded = 已记录事件 { $name }
event-rejected = 没有记录事件：{ $cause }
event-repeat = 该事件已记录过，不再重复处理
event-signature-hint = 请把微信请求的查询字符串原样传给 `--query`，并核对 push.token 是否与微信开发者平台的“消息推送”一致
explain-answer = 响应
explain-body = 请求正文
explain-caller = 调用方
explain-code = 错误码
explain-does-backoff = 微信返回该错误码时，这条消息留在队列中，按递增间隔重试
explain-does-decline = 微信返回该错误码时，这条消息记为失败；按标签发送或群发该模板时，会跳过拒收该模板的用户
explain-does-done = 无需处理，这不是错误
explain-does-duplicate = 微信返回该错误码时，这条消息一分钟后重试；如果是 wxbox 自己的重发，记为已发送
explain-does-fail = 微信返回该错误码时，这条消息记为失败，不再重发
explain-does-fail-class = 微信返回该错误码时，这条消息记为失败，正在发送的同类型或同模板的其他消息也记为失败
explain-does-fail-mark = 微信返回该错误码时，这条消息记为失败，用户标记为“无法送达”；按标签发送或群发时会跳过该用户
explain-does-hold-class = 微信返回该错误码时，这条消息留在队列中，北京时间零点额度恢复后再发送
explain-does-page = 无需处理：该错误只显示在手机上，wxbox 不会收到
explain-does-refresh = 微信返回该错误码时，wxbox 会重新获取 access_token 并重试一次
explain-does-slow = 微信返回该错误码时，这条消息一分钟后重试，发给同一用户的其他消息也推迟一分钟
explain-does-stop-run = 微信返回该错误码时，wxbox 停止发送，其余消息留在队列中
explain-errmsg = 错误信息
explain-hint = 请指定错误码（例如 40164），或 errmsg 末尾的 rid（例如 6aac005a-01bfdbee-79769285）
explain-meaning = 含义
explain-near = { $code }（{ $meaning }）
explain-nearest = 相近的错误码：{ $codes }
explain-neither = “{ $what }”不是错误码，也不是 rid
explain-refused = { $rid }：{ $cause }
explain-remedy = 处理办法
explain-time = 时间
explain-unknown = wxbox 没有收录错误码 { $code }
explain-unknown-hint = 请查阅微信官方文档“通用错误码”
explain-url = 请求地址
explain-wxbox = wxbox

## follower
follower-asking = 正在获取关注者列表
follower-list-broken = 获取中断，列出了 { $total } 个关注者中的 { $listed } 个
follower-list-openid = OPENID
follower-list-users = 用户
follower-none = 服务号没有关注者
follower-refused = { $openid }：{ $cause }
follower-remark-control = 备注名含有控制字符
follower-remark-long = 备注名有 { $length } 个字符，超过上限（{ $limit } 个）
follower-remarked = 已将“{ $who }”的备注名设为“{ $remark }”
follower-show-follows = 关注状态
follower-show-language = 语言
follower-show-not = 未关注
follower-show-openid = openid
follower-show-qr = 二维码场景
follower-show-remark = 备注名
follower-show-scene = 关注来源
follower-show-since = 已关注，关注时间：{ $time }
follower-show-tags = 标签
follower-show-unionid = unionid
follower-show-users = 用户
follower-show-yes = 已关注
follower-unremarked = 已清除“{ $who }”的备注名

## help
help-names = 可用的命令和主题：{ $names }
help-near = 是不是想输入 `wxbox help { $name }`？
help-unknown = 没有名为“{ $name }”的命令或主题
help-topics = 请运行 `wxbox help` 查看所有命令；帮助主题有 { $names }
help-whole = 请运行 `wxbox help { $name }` 查看全文

## man
man-no-directory = { $path } 不是目录
man-write = 无法写入 { $path }
man-written = 已在 { $path } 中生成 { $count } 个手册页

## input（读入的文本）
input-gbk = { $name }：不是 UTF-8，可能是 GBK 编码，无法识别的部分会替换为 �；请先转换，例如 `iconv -f GBK -t UTF-8`
input-json = { $name }：不完全符合 JSON 格式：控制字符已转义，残缺的字符会替换为 �
input-line = 该行
input-not-utf8 = { $name }：不是有效的 UTF-8
input-text = 文本
input-utf8 = { $name }：不是有效的 UTF-8，无法识别的部分会替换为 �
input-value = 字段 { $key } 的值

## kind（消息的组成部分）
kind-hint = 消息格式见 `wxbox send --help`
kind-kinds-hint = 可用的类型：{ $kinds }
kind-link-hint = 请填写完整的地址，例如 https://status.example.com
kind-media-hint = 请用 `wxbox media upload FILE` 获取 media_id；在 --message 的文件中，也可以用 "@FILE" 指定要上传的文件
kind-missing = 类型为 { $kind } 的消息缺少字段 { $part }
kind-none = 消息既没有 msgtype，也没有 template_id
kind-none-hint = 请用 msgtype 指定消息类型，例如 text、image 或 news；详见 `wxbox send --help`
kind-not-link = { $part } 不是 http 或 https 地址：{ $url }
kind-not-list = { $part } 必须是列表，且不能为空
kind-not-media-id = { $part } 不是有效的 media_id：{ $text }
kind-not-object = { $part } 必须是对象
kind-not-text = { $part } 必须是文本，且不能为空白
kind-parts-hint = 可用的字段：{ $parts }{ $optional ->
    [0] {""}
   *[other] （带 ? 的字段可以省略）
}
kind-too-long = { $part } 有 { $length } 个字符，超过微信的上限（{ $limit } 个）
kind-too-many = { $part } 有 { $count } 项，超过微信的上限（{ $limit } 项）
kind-unknown = 没有名为“{ $kind }”的消息类型
kind-unknown-part = 类型为 { $kind } 的消息没有字段 { $part }

## media（素材）
media-directory = { $file } 是目录
media-empty = { $file } 是空文件
media-file-hint = 请指定图片、语音或视频文件；`send` 也可以使用 media_id
media-format = { $file } 是 { $found } 文件，微信不支持
media-format-kind = { $file } 是 { $found } 文件，微信不支持作为 { $kind } 上传
media-format-none = { $file } 不是图片、语音或视频文件
media-formats = { $kind }：{ $formats }
media-formats-hint = 微信支持的格式：{ $formats }
media-kept = { $file } 之前已上传，有效期至 { $time }
media-large = { $file } 有 { $size } 字节，超过 { $kind } 类型的上限（{ $limit } 字节）
media-large-hint = 请压缩文件后重试
media-no-file = { $file } 既不是普通文件，也不是标准输入
media-unreadable = 无法读取 { $file }：{ $cause }

## quota
pick-all = 全部 { $count } 个已绑定的用户
pick-messages = 消息
pick-no-users = 还没有用户
pick-no-users-hint = 请用 `wxbox user add NAME` 添加用户
pick-not-bound = 有 { $count } 个用户未绑定，不在列表中；可用 `wxbox bind --user NAME` 绑定
pick-recipients = 接收者
pick-tag = 标签“{ $tag }”（{ $count } 个用户）
pick-unreachable = 无法送达
pick-user = 用户
pick-user-bound = 已绑定
pick-user-to-bind = 要绑定的用户
pick-user-unbound = 未绑定
pick-with-details = { $name }（{ $details }）
push-encrypted = 内容已加密，但没有设置 push.aes_key
push-encrypted-fix = 请把 push.aes_key 设为微信的 EncodingAESKey，或把消息加解密方式改为“{ $mode }”（{ $place }）
push-key-invalid = push.aes_key 不是有效的 EncodingAESKey：应为 43 个字符
push-malformed = 不是微信的事件
push-malformed-fix = 不需要处理：其他程序访问了推送地址
push-mode-plain = 明文模式
push-mode-safe = 安全模式
push-not-encrypted = 内容没有加密，但设置了 push.aes_key
push-not-encrypted-fix = 请把消息加解密方式改为“{ $mode }”（{ $place }），或从配置中删除 push.aes_key
push-other-account = 属于另一个账号
push-other-account-fix = 请把 app_id 设为使用这个推送地址的账号
push-place-console = “微信开发者平台 → 我的业务 → 服务号 → 消息推送”或测试号的“接口配置信息”
push-place-sandbox = 沙箱页面的“接口配置（消息推送）”
push-rejected = 自 { $since } 起拒绝了 { $count } 次推送，没有接受任何推送（最近一次：{ $ago }）：{ $cause }
push-reload-fix = 修改配置后，请运行 `systemctl reload wxbox-serve`，或重启 `wxbox serve`
push-stale = 时间戳与本机时间相差超过 10 分钟
push-stale-fix = 请校准本机时间，例如使用 NTP
push-too-large = 超过 64 KiB
push-undecryptable = 无法用 push.aes_key 解密
push-undecryptable-fix = 请核对 push.aes_key 与微信的 EncodingAESKey 是否一致（{ $place }）
push-url-local = 微信的服务器无法访问该地址：它是本机或局域网的地址
push-url-port = 微信只向 80（http）和 443（https）端口推送
push-wrong-signature = 签名与 push.token 不符
push-wrong-signature-fix = 请核对 push.token 与微信的 Token 是否一致（{ $place }）；如果能正常收到事件，说明有其他程序在访问推送地址
quota-clear-ask = 是否清零 { $app_id } 所有接口的调用次数？微信每月只允许清零 10 次，在微信开发者平台上的操作也计入。
quota-clear-missing = 当前不是交互式终端，清零调用次数需要加 --yes（微信每月只允许清零 10 次）
quota-cleared = 已清零 { $app_id } 所有接口的调用次数（微信每月只允许清零 10 次）
quota-cleared-due = 原定零点后发送的 { $count } 条消息现在可以发送：请运行 `wxbox outbox flush`
quota-kept = 没有清零
quota-list-api = 接口
quota-list-left = 剩余
quota-list-limit = 每日上限
quota-list-note = 说明
quota-list-rate = 频率限制
quota-list-used = 已用
quota-rate = 每 { $seconds } 秒 { $count } 次
quota-unknown = 微信没有以下接口：{ $apis }
quota-unknown-hint = 请指定接口路径，例如 /cgi-bin/message/custom/send
quota-unusable = “{ $api }”不是接口路径

## sandbox（页面和终端）
sandbox-inbox-footer = 所有时间为北京时间。
sandbox-inbox-intro = 在本机模拟的微信平台。服务号发出的消息会显示在下面的手机上，不会离开本机。
sandbox-name-text = 沙箱只接受以 localhost 或监听地址访问的请求，不接受其他网页发来的请求。
sandbox-name-title = 访问地址不正确
sandbox-open = 沙箱正在监听 { $address }，能访问该地址的设备都可以使用沙箱
sandbox-library = 模板库（用于 `template add`）
sandbox-people = 用户
sandbox-person-away = 未关注服务号
sandbox-person-silent = 已关注；没有发过消息，只能接收模板消息
sandbox-person-wrote = 已关注，刚发过消息
sandbox-person-crowd = 都已关注，刚发过消息
sandbox-port-hint = 如果端口被另一个沙箱占用，请停止它，或用 --listen 127.0.0.1:0 选择任意空闲端口；再运行 `wxbox -c sandbox.toml init --sandbox URL`，URL 为沙箱启动时显示的地址
sandbox-push-intro = 用户的消息和事件会推送到此 URL（必须是本机地址）。保存前会像微信一样先验证。URL 留空时停止推送。
sandbox-state-not-following = 未关注：所有消息都会被拒绝
sandbox-stop = 按 Ctrl-C 停止。以下是收到的请求（北京时间、请求、错误码、耗时）：
sandbox-templates = 模板
sandbox-subscriptions = 订阅通知模板
sandbox-once = 每次授权可发送一条
sandbox-lasts = 长期有效，直到取消授权
sandbox-named = 客服消息可引用的内容
sandbox-world = 无法使用场景文件 { $path }：{ $cause }
sandbox-world-toml = 第 { $line } 行：{ $message }
sandbox-world-value = { $key } 的值“{ $value }”无效
sandbox-world-twice = { $key }“{ $value }”重复
sandbox-world-alone = { $key } 必须与 { $with } 一起使用
sandbox-world-several = 一个故障只能设置以下一项：{ $keys }
sandbox-world-none-of = 一个故障必须设置以下一项：{ $keys }
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
sandbox-switch-strict = 按正式服务号的规则检查模板
sandbox-switch-limits = 使用正式服务号的调用额度
sandbox-switch-verified = 已认证的服务号（支持菜单消息和输入状态）
sandbox-switch-snapshot = 以快照页打开链接
sandbox-switch-double = 模拟重复回调
sandbox-calls = 今日调用次数
sandbox-calls-of = { $used } / { $limit }
sandbox-clock-forward = 时钟拨快 49 小时
sandbox-clear = 清空所有手机
sandbox-empty = 还没有消息
sandbox-more-people = 还有 { $count } 个用户没有显示：打开 /?person=用户名 可查看该用户。
sandbox-faults = 故障计划
sandbox-fault-applied = 已触发 { $count } 次
sandbox-follows = 已关注
sandbox-follows-not = 未关注
sandbox-state-open = { $left ->
    [0] 已关注；用户再次发消息之前，不能再发客服消息
   *[other] 已关注；{ $until } 之前还可发送 { $left } 条客服消息
  }
sandbox-state-closed = 已关注；最近没有发过消息，只能接收模板消息
sandbox-phone-chosen = 当前手机
sandbox-phone-choose = 设为当前手机
sandbox-follow = 关注
sandbox-unfollow = 取消关注
sandbox-say = 给服务号发消息
sandbox-say-send = 发送
sandbox-click = 点击自定义菜单
sandbox-scan = 扫码
sandbox-scan-url = 二维码中的网址
sandbox-typing = 对方正在输入……
sandbox-grant-give = 允许
sandbox-grant-back = 取消授权
sandbox-grant-lasts = 长期有效
sandbox-grant-scene = 允许接收一条场景值为 1000 的消息
sandbox-note-followed = 关注了服务号
sandbox-note-left = 取消关注了服务号
sandbox-note-clicked = 点击了自定义菜单
sandbox-note-scanned = 扫描了服务号的二维码
sandbox-note-unavailable = 该服务号提供的服务出现故障，请稍后再试
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
sandbox-code-text = 手机扫描服务号的二维码后显示本页。已关注的用户会直接打开会话。请选择扫码的用户：
sandbox-code-expired-title = 二维码已过期
sandbox-code-expired-text = 请重新生成二维码。
sandbox-ask-title = 向你发送一条消息
sandbox-ask-text = 确认后，服务号可以向你发送一条消息。请选择操作的用户：
sandbox-ask-confirm = 确定
sandbox-ask-cancel = 取消
sandbox-ask-action = action 必须是 get_confirm。
sandbox-ask-scene = scene 必须是 0 到 10000 的整数。
sandbox-ask-template = template_id 不是该服务号的一次性订阅消息模板。
sandbox-ask-redirect = redirect_url 不是服务号业务域名下的地址。
sandbox-ask-reserved = reserved 只能由字母和数字组成，最多 128 个字符。
sandbox-missing-title = 页面不存在
sandbox-missing-text = 页面、用户或表单不存在。
sandbox-foreign-title = 请求来源无效
sandbox-foreign-text = 该表单不是由沙箱的页面提交的。
sandbox-link-title = 微信无法打开此链接
sandbox-link-title-number = 错误 { $code }
sandbox-link-10003 = redirect_uri域名与后台配置不一致，错误码:10003
sandbox-link-10005 = scope 必须是 snsapi_base 或 snsapi_userinfo。
sandbox-link-10006 = 请先关注该测试号，再打开本链接。也可以在沙箱页面上把服务号设为已认证。
sandbox-link-10010 = scope 不能为空。
sandbox-link-10011 = redirect_uri 不能为空。
sandbox-link-10012 = appid 不能为空。
sandbox-link-appid = appid 不是该沙箱的 AppID。
sandbox-link-order = 参数必须按 appid、redirect_uri、response_type、scope、state 的顺序排列。
sandbox-link-encoding = redirect_uri 必须经过一次百分号编码，不能重复编码。
sandbox-link-response-type = response_type 必须是 code。
sandbox-link-state = state 只能由字母和数字组成，最多 128 个字符。
sandbox-line-unknown = 沙箱不支持该接口
sandbox-line-fault = 故障：{ $fault }
sandbox-line-attempt = 第 { $count } 次
sandbox-lines-left-out = 有 { $count } 个请求没有列出：读取输出的程序处理不过来
sandbox-pushes = 推送记录
sandbox-push-title = 接口配置（消息推送）
sandbox-push-save = 验证并保存
sandbox-push-mode-plain = 明文模式
sandbox-push-mode-compatible = 兼容模式
sandbox-push-mode-safe = 安全模式
sandbox-push-rejected = 接口配置未更改
sandbox-push-bad-url = URL 必须是本机的 http 地址。
sandbox-push-bad-token = Token 必须是 3 到 32 个字母或数字。
sandbox-push-bad-key = EncodingAESKey 必须是 43 个字母或数字。
sandbox-push-bad-mode = 消息加解密方式必须是 plain、compatible 或 safe。
sandbox-push-no-key = 该模式需要 EncodingAESKey。
sandbox-push-check = URL 验证失败：{ $cause }
sandbox-push-check-timeout = URL 验证失败：{ $cause }。微信的页面显示“请求 URL 超时”。
sandbox-push-check-token = URL 验证失败：{ $cause }。微信的页面显示“token 验证失败”。请核对 Token 和 URL 的路径。
sandbox-push-not-local = 不是本机地址
sandbox-push-no-connection = 无法连接
sandbox-push-timeout = 5 秒内没有响应
sandbox-push-no-response = 连接已断开，没有响应
sandbox-push-status = 状态码不是 200
sandbox-push-body = 响应内容既不为空，也不是“success”或回复消息
sandbox-push-reply = 回复的 ToUserName 或 FromUserName 有误，或消息类型未知
sandbox-push-reply-encryption = 回复没有按设置加密，或签名有误
sandbox-push-echostr = 响应内容不是 echostr
sandbox-push-echostr-quoted = 响应内容是带引号的 echostr；请去掉引号
sandbox-listening =
    微信沙箱地址：{ $url }
      AppID      { $app_id }
      AppSecret  { $app_secret }

## run
run-bad-interpreter = 找不到解释器 { $interpreter }
run-cannot-report = 结果通知将不会发送：{ $cause }；仍会运行 { $program }
run-interpreter-crlf-hint = 脚本使用 Windows 换行符（CR LF）：请转换，例如 `sed -i 's/\r$//' { $file }`
run-interpreter-hint = 请在脚本的第一行写明解释器，例如 #!/bin/sh
run-interpreter-missing-hint = 请安装该解释器，或更正 { $file } 的第一行
run-names = 可用的占位符：{ $names }
run-not-reported = 结果通知发送失败：{ $cause }
run-not-started = 无法运行 { $program }：{ $cause }
run-result-bad = 失败
run-result-good = 成功
run-stdin = 标准输入留给要执行的命令，不能用作消息内容
run-stdin-hint = 请用 --text 指定文本，或把字段写进文件
run-text-bad = 失败（退出码 { $status }）：{ $program }（主机 { $host }，耗时 { $duration }）
run-text-good = 成功（退出码 0）：{ $program }（主机 { $host }，耗时 { $duration }）
run-text-not-started = 无法启动（退出码 { $status }）：{ $program }（主机 { $host }）：{ $cause }
run-text-signal = 被 { $signal } 终止（退出码 { $status }）：{ $program }（主机 { $host }，耗时 { $duration }）
run-unknown-placeholder = 未知的占位符 {"{"}{ $name }{"}"}，将原样发送

## store
serve-bound-reply = 已绑定为 { $name }
serve-database-failed = 无法记录事件：{ $cause }；微信会重新推送
serve-delivery-failed = 无法发送：{ $cause }
serve-followed = “{ $person }”关注了服务号
serve-forward-busy = 已有 { $count } 个推送在等待响应
serve-forward-failed = 无法转发到 push.forward_to：{ $cause }
serve-forward-long = 响应超过 64 KiB
serve-forward-status = 返回了 HTTP { $status }
serve-listening = 正在监听 { $address }
serve-listening-url = 正在监听 { $address }；推送 URL 为 { $url }
serve-no-push = 配置中没有 [push]：收不到事件和送达回执
serve-not-running = 没有 `wxbox serve` 在使用这个数据库：只有其他进程接收事件时才会有送达回执
serve-notices-lost = 丢失了 { $count } 行输出：读取输出的程序处理不过来
serve-other = “{ $person }”的事件 { $name }
serve-own-request = （来自 doctor 的检查）
serve-port-hint = 端口被其他程序占用，可能是还在运行的另一个 `wxbox serve`；请停止该程序，或用 `--listen` 或 serve.address 换一个端口
serve-push-rejected = 拒绝了一次推送：{ $cause }
serve-push-rejected-hint = 请核对 app_id、push.token、push.aes_key 和消息加解密方式是否与微信开发者平台一致；加 -v 可记录每次被拒绝的推送
serve-receipt = 消息 { $id } 的送达回执：{ $receipt }（{ $receipt ->
    [delivered] 已送达
    [blocked] 接收者拒收
   *[failed] 送达失败
}）
serve-recovered = 已恢复发送
serve-reload-failed = 没有重新加载配置，仍使用原来的配置：{ $cause }
serve-reload-restart = 监听地址、数据库或 app_id 已改变：请重启 `wxbox serve`；目前仍使用原来的配置
serve-reloaded = 已重新加载配置
serve-running = 另一个 `wxbox serve` 正在使用这个数据库
serve-running-hint = 请先停止另一个进程：每个服务号只能运行一个 `wxbox serve`
serve-stopping = 正在停止
serve-unfollowed = “{ $person }”取消了关注
serve-wrote = “{ $person }”给服务号发了消息
store-absent = { $from } 指定的数据库 { $path } 不存在
store-absent-default = 数据库 { $path } 不存在
store-absent-hint = 如果是首次使用，请用 `wxbox user add` 或 `wxbox user import` 添加用户，同时新建数据库；如果已有数据库，请用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定
store-busy = 数据库 { $path } 被其他进程锁定
store-busy-hint = 请等另一个 wxbox、备份程序或 sqlite3 结束后重试；可用 `fuser -v FILE` 查看是哪个进程
store-corrupt = 数据库 { $path } 已损坏
store-corrupt-hint = 请按 `wxbox help recovery` 的步骤导出数据或恢复备份；wxbox 没有改动损坏的文件
store-corrupt-log = 预写日志 { $path } 已损坏
store-foreign-log = 预写日志 { $path } 不属于数据库 { $database }
store-foreign-log-hint = 如果数据库文件是复制过来的，请把 { $path } 移出该目录；否则请按 `wxbox help recovery` 的步骤处理。wxbox 没有改动这两个文件
store-foreign = { $path } 是其他程序的数据库
store-hard-links = 数据库 { $path } 有多个文件名（硬链接）
store-hard-links-hint = 请只保留一个文件名，或改用符号链接：每个文件名都有各自的预写日志，会损坏数据库。可用 `find / -xdev -samefile { $path }` 列出所有文件名
store-full = 数据库 { $path } 所在的磁盘已满
store-full-hint = 请清理磁盘空间后重试
store-made = 已新建数据库 { $path }
store-newer = 数据库 { $path } 由更新版本的 wxbox 创建（数据库结构版本 { $found }，本程序最高支持 { $known }）
store-newer-hint = 请升级 wxbox，或用 --database 指定另一个数据库
store-not-a-database = { $path } 不是数据库文件
store-not-a-database-hint = 请用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定正确的文件；如果该文件原来是数据库，请按 `wxbox help recovery` 的步骤处理。wxbox 没有改动该文件
store-not-ours-hint = 请用 --database、环境变量 WXBOX_DATABASE 或配置项 database 指定正确的文件；wxbox 没有改动该文件
store-open = 无法打开数据库 { $path }：{ $cause }
store-open-hint = 请允许运行 wxbox 的用户写入该文件和所在的目录
store-read-only = 无法写入数据库 { $path }
store-read-only-hint = 请检查文件和目录的权限，以及文件系统是否以只读方式挂载
store-sqlite = 数据库 { $path } 出错：{ $cause }
store-unreleased = 数据库 { $path } 由首个正式版之前的开发版本创建
store-unreleased-hint = 请用该开发版本运行 `wxbox user export` 导出用户，移走该文件，再运行 `wxbox user import`
outbox-after = 前一段

## outbox
outbox-attempts = 尝试次数
outbox-attempt = 第 { $n } 次尝试
outbox-attempt-ambiguous = { $host } 没有返回有效的响应，消息可能已送达
outbox-attempt-line = { $time } 发往 { $openid }：{ $outcome }
outbox-attempt-not-sent = 无法连接 { $host }，请求未发出
outbox-attempt-open = 正在发送
outbox-attempt-accepted = 微信已接收
outbox-bounds = --since（{ $since }）在 --until（{ $until }）之后
outbox-cancel-ask = 要取消 { $count } 条排队中的消息（最早的一条：{ $oldest }）吗？
outbox-cancel-kept = 没有取消任何消息
outbox-cancel-left = 有 { $count } 条消息正在发送，无法取消
outbox-cancel-none = 没有排队的消息
outbox-cancel-sending = 消息 { $id } 正在发送，无法取消
outbox-cancel-sending-hint = 请稍后用 `wxbox outbox show { $id }` 查看结果
outbox-cancel-state = 消息 { $id } 不在排队：{ $state ->
    [sent] 已发送
    [failed] 已失败
    [unknown] 结果未知
    [cancelled] 已取消
    [expired] 已过期
   *[other] { $state }
}
outbox-cancel-state-hint = 请运行 `wxbox outbox list --state queued` 查看可以取消的消息
outbox-cancelled = 已取消发给“{ $to }”的消息 { $id }
outbox-cancel-unknown = 发给“{ $to }”的消息 { $id } 不再重发，但之前可能已送达
outbox-changed = 更新时间
outbox-check-all-lost = { $lost }（最近 { $limit }）
outbox-check-late = { $count } 条排队中（最早一条已等待 { $age }，上限 { $limit }）
outbox-check-lost = { $count } 条{ $state ->
    [failed] 失败
    [expired] 已过期
   *[unknown] 结果未知
}（最早一条在 { $age }前）
outbox-check-none-lost = 没有失败、过期或结果未知的消息（最近 { $limit }）
outbox-check-none-queued = 没有排队的消息
outbox-check-queued = { $count } 条排队中（最早一条已等待 { $age }）
outbox-content = 内容
outbox-created = 创建时间
outbox-due = 下次尝试
outbox-errcode = 错误码
outbox-error = 错误
outbox-expires = 有效期至
outbox-flush-none = 目前没有需要发送的消息
outbox-flush-waits = 目前没有需要发送的消息：{ $count } 条在等待，最早的发送时间：{ $due }
outbox-flush-stuck = 目前没有可以发送的消息：{ $count } 条在等待其他消息，请运行 `wxbox outbox list --state queued` 查看原因
outbox-following = 正在等待新消息和状态变化，按 Ctrl-C 结束
outbox-hint = 提示
outbox-id = ID
outbox-key = 幂等键
outbox-lost-hint = 请运行 `wxbox outbox list --state failed --state expired --state unknown` 查看这些消息和原因
outbox-more = 共 { $all } 条消息，以上是最新的 { $shown } 条；加 `--limit { $next }` 显示更早的消息，加 `--limit 0` 显示全部
outbox-more-all = 共 { $all } 条消息，以上是最新的 { $shown } 条；加 `--limit 0` 显示全部
outbox-msgid = msgid
outbox-none = 还没有消息；请用 `wxbox send` 发送
outbox-none-match = 没有符合条件的消息；请运行 `wxbox outbox list` 查看最新的消息
outbox-oldest = 最早的排队消息
outbox-oldest-since = 已等待 { $age }，开始时间：{ $time }
outbox-openid = openid
outbox-rid = 请求编号（rid）
outbox-pruned = 已清理 { $count } 条消息
outbox-receipt = 送达回执
outbox-receipt-at = { $receipt }（{ $receipt ->
    [delivered] 已送达
    [blocked] 接收者拒收
   *[failed] 送达失败
}），{ $time }
outbox-receipt-count = 回执 { $receipt }（{ $receipt ->
    [delivered] 已送达
    [blocked] 接收者拒收
   *[failed] 送达失败
}）
outbox-receipt-count-none = 暂无回执
outbox-receipt-never = 无（微信不推送这类消息的送达回执）
outbox-receipt-none = 暂无
outbox-receipt-text = { $receipt }（{ $text }），{ $time }
outbox-removed = 用户和消息内容已删除
outbox-retry-ask = 要重新发送 { $count } 条{ $state ->
    [failed] 失败
    [unknown] 结果未知
    [queued] 排队中
   *[expired] 已过期
}的消息（最早的一条：{ $oldest }）吗？
outbox-retry-gone = 消息 { $id } 无法重发：用户和消息内容已删除
outbox-retry-key = 没有重发消息 { $id }：消息 { $other } 的幂等键相同
outbox-retry-moved = 消息 { $id } 将发往用户当前绑定的微信（{ $openid }）
outbox-retry-none = 没有需要重发的消息
outbox-retry-repeats = 以下消息可能已送达，重发后接收者可能收到两次：{ $ids }
outbox-retry-sent = 微信已接收消息 { $id }，不能重发；如果需要再发一次，请作为新消息发送
outbox-retry-unbound = 无法重发消息 { $id }：用户尚未绑定
outbox-retry-unbound-hint = 请先用 `wxbox bind --user NAME` 绑定，再重发
outbox-sent = 发送时间
outbox-state = 状态
outbox-state-receipt = { $state }，{ $receipt }
outbox-state-value = { $state }（{ $state ->
    [sent] 已发送
    [queued] 排队中
    [failed] 失败
    [unknown] 结果未知
    [cancelled] 已取消
    [expired] 已过期
   *[other] { $state }
}）
outbox-template = 模板 { $id }
outbox-to = 接收者
outbox-too-old-hint = 请运行 `wxbox outbox list --state queued` 查看等待中的消息和原因
outbox-type = 类型
outbox-type-value = { $kind }（{ $kind ->
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
    [subscribe_once] 一次性订阅消息
   *[other] { $kind }
}）
outbox-unknown = 没有 ID 为 { $id } 的消息
outbox-unknown-hint = 请运行 `wxbox outbox list` 查看最新的消息

## listen-file（监听端口的证书与校验文件）
listen-file-bad-key = { $path } 中的私钥无法使用
listen-file-denied-hint = 请允许运行 wxbox 的用户读取 { $path }，例如通过用户组授权
listen-file-encrypted-key = { $path } 中的私钥已加密，运行时无法输入密码
listen-file-encrypted-key-hint = 请用 `(umask 077; openssl pkey -in '{ $path }' -out '{ $path }.plain')` 导出未加密的私钥，并把 listen.tls_key 设为导出的文件
listen-file-faulty = { $key }：无法使用 { $path }：{ $cause }
listen-file-http = { $uri } 是 http 地址，但设置了 listen.tls_cert，监听端口只支持 HTTPS，手机无法访问
listen-file-http-hint = 请把 redirect_uri 改为 https 地址，或删除 listen.tls_cert 和 listen.tls_key
listen-file-mismatch = { $key } 中的私钥与 { $certificate } 中的证书不匹配
listen-file-mismatch-hint = 请确认文件中的第一张证书是本服务器的证书，私钥与该证书配对
listen-file-no-certificate-hint = 请把 listen.tls_cert 设为 PEM 证书文件（例如 fullchain.pem）：以 -----BEGIN CERTIFICATE----- 开头，先是本服务器的证书，然后是证书链
listen-file-no-key-hint = 请把 listen.tls_key 设为 PEM 私钥文件（例如 privkey.pem）：RSA、ECDSA 或 Ed25519 私钥，以 -----BEGIN PRIVATE KEY----- 开头
listen-file-unreadable = { $key }：无法读取 { $path }：{ $cause }
listen-file-unreadable-hint = 请检查 { $key } 指定的路径；相对路径从配置文件所在的目录算起
listen-file-verification-content = { $path } 的内容与文件名中的 16 个字符不同，无法通过微信的校验
listen-file-verification-content-hint = 请从微信公众平台重新下载该文件，不要修改
listen-file-verification-hint = 请把 listen.domain_verify_file 设为在“网页授权域名”（“微信公众平台 → 设置与开发 → 账号设置 → 功能设置”）处下载的文件，文件名为 MP_verify_ 加 16 个字母或数字，再加 .txt
listen-file-verification-name = { $path } 不是微信的校验文件：文件名不正确
pem-certificate-instead = 文件中只有证书，没有私钥
pem-damaged = 第 { $line } 行开始的内容已损坏
pem-damaged-hint = 请重新完整复制原来的文件，不要修改
pem-key-instead = 文件中只有私钥，没有证书
pem-no-end = 第 { $line } 行开始的内容没有 END 行
pem-no-line-ends = 第 { $line } 行缺少换行：BEGIN 行、数据和 END 行必须各占一行
pem-no-line-ends-hint = 请重新写入该文件，保留换行；如果变量中的换行变成了 \n，可用 `printf '%b' "$PEM"` 还原
pem-nothing = 文件中没有可用的 PEM 内容（以 -----BEGIN 开头）
pem-utf16 = 文件是 UTF-16 编码
pem-utf16-hint = 请把文件另存为纯文本或 UTF-8 编码

## rule（模板字段的值）
rule-amount = 金额最多 10 位数字，可以带小数，前面可以有一个货币符号，末尾可以有“元”，例如 ¥12.50
rule-blank = { $keys } 的值为空，不会显示任何内容
rule-beginning = 模板以字段开头时，该字段的值可能不显示：请在模板中的 { $key } 前加上固定文字
rule-broken = 微信会拒绝 { $key } 的值“{ $value }”：{ $rule }
rule-car-number = 车牌号最多 8 位字母和数字，第一位和最后一位可以是汉字，例如 粤A8Z888挂
rule-character-string = 最多 32 个数字、字母或符号，不能有汉字和空格
rule-color = 微信不显示 { $keys } 的颜色
rule-const = 只能是随模板审核通过的文字，最多 20 个字符
rule-cut = { $key } 有 { $length } 个字符，将截断为“{ $sent }”（{ $rule }）
rule-date = 日期写作 2019年10月1日 或 2019-10-01，后面可以加时间，两个日期用 ~ 连接
rule-decimals = { $key } 的值 { $value } 没有小数：微信曾拒绝不带小数的金额
rule-doubtful = 微信可能拒绝 { $key } 的值“{ $value }”：{ $rule }
rule-emoji = 不显示表情符号
rule-empty = { $key } 为空，微信会拒绝
rule-empty-doubtful = { $key } 为空，微信可能拒绝
rule-enum = 只能是随模板审核通过的文字
rule-hidden = 微信不会显示字段 { $keys }
rule-length = 最多显示 { $limit } 个字符
rule-letter = 最多 32 个字母，不能有其他字符
rule-misspelt = 微信可能不显示 { $place } 的值：字段必须写作 { "{{" }key.DATA{ "}}" }，不带空格，使用英文标点
rule-line-break = 不显示换行
rule-name = 含汉字时最多 10 个字符，否则最多 20 个字母和符号
rule-number = 最多 32 位数字，可以带小数
rule-phone-number = 最多 17 个字符，只能是数字、+ 和 -
rule-phrase = 最多 5 个汉字，不能有其他字符
rule-short-thing = 微信没有公布该类型的规则
rule-shown = 微信把 { $key } 显示为“{ $shown }”：{ $why }
rule-symbol = 最多 5 个符号，不能有其他字符
rule-thing = 最多 20 个字符
rule-time = 时间写作 15:01 或 15:01:59，前面可以加日期（2019年10月1日 15:01），两个时间用 ~ 连接
rule-too-long = { $key } 的值有 { $length } 个字符，微信会拒绝：{ $rule }

## send
did-you-mean = 是不是想输入“{ $name }”？
did-you-mean-command = 是不是想输入 { $command }？
openid-unusable = “{ $openid }”不是有效的 openid
openid-unusable-hint = 请检查 openid：由字母、数字、- 和 _ 组成，例如 oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
openid-odd = openid 通常有 { $length } 个字符，以 o 开头，{ $openid } 不符合
send-all-declined = 这些用户都拒收该模板
send-ask-alias-item = 模板“{ $title }”（{ $alias }）
send-ask-command = 等效的命令：
send-ask-content = 消息
send-ask-editor-item = 文本（在编辑器中编写）
send-ask-field-again = { $finding }；按回车照此发送，或修改后再按回车
send-ask-field-rule = { $key }：{ $rule }
send-ask-send = 要发给“{ $to }”吗？
send-ask-send-several = 要发给 { $count } 个接收者吗？
send-ask-template-item = 模板“{ $title }”
send-ask-text = 文本
send-ask-text-item = 文本
send-and-more = { $names } 等，另有 { $more } 个
send-awaiting-receipts = 正在等待送达回执……
send-blocked = 发给“{ $to }”的消息 { $id } 没有送达：用户拒收服务号的消息（{ $text }）
send-cancelled = 发给“{ $to }”的消息 { $id } 已取消
send-cancelled-why = 发给“{ $to }”的消息 { $id } 已取消：{ $error }
send-color-alone = 没有字段 { $key }，无法设置颜色
send-data-hint = 请按此格式写字段：{ "{" }"host": "db1", "size": { "{" }"value": 3, "color": "#173177"{ "}" }{ "}" }
send-data-json = { $path } 不是有效的 JSON 对象：{ $cause }
send-data-object = 必须是对象
send-data-nameless = 有字段的名称为空
send-data-value = { $key } 的值必须是文本、数字，或 { "{" }"value": …, "color": "#RRGGBB"{ "}" }
send-default-hint = 默认接收者在 { $at } 设置
send-default-recipients = 发送给默认接收者：{ $names }（send.to，{ $at }）
send-delivered = 消息 { $id }（{ $kind ->
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
    [subscribe_once] 一次性订阅消息
   *[other] { $kind }
}）已送达“{ $to }”
send-duplicate = 未重复发送给“{ $to }”：幂等键相同的消息 { $id } { $state ->
    [sent] 已发送
    [queued] 仍在排队
    [failed] 已失败
    [unknown] 结果未知
    [cancelled] 已取消
    [expired] 已过期
   *[other] 状态为 { $state }
}
send-expired-hint = 如果仍需发送，请运行 `wxbox outbox retry { $id }`
send-expired-hint-many = 如果仍需发送，请运行 `wxbox outbox retry --expired`，重新发送全部已过期的消息
send-failed = 发给“{ $to }”的消息 { $id } 发送失败：{ $error }
send-edit-empty = 编辑后的文本为空，没有发送
send-fallback-fields = --fallback { $name }：文本只能填入一个没有默认值的字段，但{ $count ->
    [0] 所有字段都有默认值
   *[other] 有 { $count } 个（{ $fields }）
}
send-fallback-fields-hint = 请运行 `wxbox config set templates.{ $name }.data.FIELD VALUE` 设置默认值，只留一个字段不设
send-fallback-missing = 文本照常发送，但 --fallback 的模板不可用：{ $cause }
send-fallback-text = --fallback 只能用于文本消息
send-fallback-unlisted = 文本照常发送，但无法查询 --fallback 的模板“{ $name }”：{ $cause }
send-fallback-warning = 如果改用模板“{ $name }”发送：{ $warning }
send-gone = 用户已删除，消息 { $id } 已不在发件箱中，结果未知
send-given-up-hint = wxbox 不会再自动重试；如果要重发，请运行 `wxbox outbox retry { $id }`
send-given-up-hint-many = wxbox 不会再自动重试；如果要重发全部失败的消息，请运行 `wxbox outbox retry --failed`
send-none-bound = 还没有已绑定的用户
send-none-bound-hint = 请用 `wxbox bind --user NAME` 绑定用户；可用 `wxbox user list` 查看哪些用户已绑定
send-none-reachable = 已绑定的用户都无法送达
send-refused-hint = 处理后请运行 `wxbox outbox retry { $id }` 重新发送
send-refused-hint-many = 处理后请运行 `wxbox outbox retry --failed`，重新发送全部失败的消息
send-removed = 用户已删除，消息 { $id } 没有发送
send-unbound = 没有发给“{ $user }”：绑定关系在此期间已变更或解除
send-field-near = { $key }（是不是想输入“{ $near }”？）
send-fields-hint = 请使用模板的字段：{ $fields }；可用 `wxbox template show { $name }` 查看各字段的填写规则和在模板中的位置
send-fields-missing = 缺少模板“{ $name }”的字段 { $fields }
send-fields-missing-too = 还缺少字段 { $fields }
send-fields-strict-hint = 请运行 `wxbox template check { $name } --data …` 预览接收者看到的内容；不加 --strict 时只给出警告
send-fields-unknown = 模板“{ $name }”没有字段 { $fields }
send-interrupted = 已中断，{ $queued ->
    [0] 本次命令没有留下排队的消息
   *[other] 本次命令有 { $queued } 条消息仍在排队；请运行 `wxbox outbox flush` 继续发送
}
send-file-hint = 请指定文件，或用 - 从标准输入读取
send-message-hint = 消息必须是 JSON 对象，例如 { "{" }"msgtype": "image", "image": { "{" }"media_id": "@chart.png"{ "}" }{ "}" }；详见 `wxbox send --help`
send-message-json = { $file } 不是有效的 JSON 消息：{ $cause }
send-news-hint = 请用 TOML 或 JSON 格式写 title、description、url 和 picurl；示例见 `wxbox send --help`
send-news-toml = { $file } 不是 TOML 或 JSON 格式的图文（{ $cause }）
send-split-many = 文本将分 { $parts } 条发送，但用户再次发消息之前，微信最多接收 { $limit } 条客服消息
send-stopping = 正在停止，最多等待响应两秒
send-left-queued = 本次命令有 { $queued } 条消息留在发件箱，请不要重复发送：`wxbox serve` 或下一次 `wxbox outbox flush`（手动、cron 或定时器）会发送
send-mistyped-option = 没有名为 { $option } 的选项
send-mistyped-option-hint = 请把以 -- 开头的文本写在 --text= 之后
send-mistyped-option-near = 是不是想输入“{ $near }”？以 -- 开头的文本请写在 --text= 之后
send-no-tag = 没有用户带有标签“{ $tag }”
send-no-receipt = 微信已接收发给“{ $to }”的消息 { $id }，但没有及时推送送达回执
send-no-receipt-hint = 请稍后运行 `wxbox outbox show { $id }` 查看；消息可能已经送达，请不要重新发送
send-no-receipt-hint-many = 请稍后运行 `wxbox outbox list --receipt none` 查看；消息可能已经送达，请不要重新发送
send-no-receipts = 只有模板消息和订阅通知有送达回执；其他消息在微信接收后即视为完成
send-not-received = 微信已接收发给“{ $to }”的消息 { $id }，但没有送达：{ $text }
send-declined-hint = 请用 `wxbox send --user NAME` 单独发送
send-only-queued = 发给“{ $to }”的消息 { $id }（{ $kind ->
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
    [subscribe_once] 一次性订阅消息
   *[other] { $kind }
}）已放入队列
send-part-hint = 请不要重复发送：消息 { $after } 发出后会自动发送；可用 `wxbox outbox show { $after }` 查看该消息没有发出的原因
send-many-ask = 要把这条消息发给 { $count } 个用户（{ $names }）吗？
send-many-ask-parts = 要把这段文本分成 { $parts } 段（共 { $messages } 条消息），发给 { $count } 个用户（{ $names }）吗？
send-many-kept = 没有发送任何消息
send-many-blocked = { $count } 条消息没有送达，因为用户拒收服务号的消息（接收者：{ $names }）
send-many-cancelled = { $count } 条消息已取消（接收者：{ $names }）
send-many-duplicate = { $count } 条消息的幂等键已用过，没有重复发送（接收者：{ $names }）
send-many-expired = { $count } 条消息已过期（接收者：{ $names }）
send-many-failed = { $count } 条消息发送失败（接收者：{ $names }）
send-many-no-receipt = 微信已接收 { $count } 条消息，但没有及时推送送达回执（接收者：{ $names }）
send-many-not-received = 微信已接收 { $count } 条消息，但没有送达（接收者：{ $names }）
send-many-queued = { $count } 条消息没有发出，仍在排队（接收者：{ $names }）
send-many-unknown = { $count } 条消息可能已送达，也可能没有（接收者：{ $names }）
send-not-delivered = { $count } 条消息没有发出
send-quota-left = 需要调用 { $api } { $count } 次，今天还剩 { $left } 次
send-quota-short = 需要调用 { $api } { $count } 次，今天只剩 { $left } 次：其余的消息要等到北京时间零点
send-queued = 发给“{ $to }”的消息 { $id } 没有发出，仍在排队：{ $error }
send-queued-until = 发给“{ $to }”的消息 { $id } 没有发出，仍在排队，将于 { $time } 重试：{ $error }
send-queued-hint = 请不要重复发送。{ $time } 之后，`wxbox serve` 或 `wxbox outbox flush` 会重试；也可以运行 `wxbox outbox retry { $id }` 立即重试
send-queued-hint-many = 请不要重复发送。{ $time } 之后，`wxbox serve` 或 `wxbox outbox flush` 会重试；也可以运行 `wxbox outbox retry --queued` 立即重试
send-quota-hint = 请不要重复发送。{ $time } 之后，`wxbox serve` 或 `wxbox outbox flush` 会发送；如果要立即发送，请运行 `wxbox quota clear` 清零调用次数（每月 10 次），再运行 `wxbox outbox flush`
send-quota-hint-many = 请不要重复发送。{ $time } 之后，`wxbox serve` 或 `wxbox outbox flush` 会发送；如果要立即发送，请运行 `wxbox quota clear` 清零调用次数（每月 10 次），再运行 `wxbox outbox flush`
send-sent = 消息 { $id }（{ $kind ->
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
    [subscribe_once] 一次性订阅消息
   *[other] { $kind }
}）已发送给“{ $to }”
send-skipped-unbound = 已跳过未绑定的用户：{ $users }
send-skipped-declined = 已跳过拒收该模板的用户：{ $users }
send-skipped-unreachable = 已跳过无法送达的用户（原因见 `wxbox user list`）：{ $users }
send-strict-hint = 不加 --strict 时只给出警告，消息照常发送
send-summary = 共 { $all } 条消息，已发送 { $sent } 条
send-summary-earlier = { $count } 条此前已用同一个幂等键发送
send-summary-failed = { $count } 条没有发出（`wxbox outbox list{ $states }`）
send-summary-queued = { $count } 条排队中（`wxbox outbox list --state queued`）
send-summary-queued-until = { $count } 条排队中：{ $time } 之后由 `wxbox serve` 或 `wxbox outbox flush` 发送
send-summary-unknown = { $count } 条可能已送达（`wxbox outbox list --state unknown`）
send-unreachable-hint = 请用 `wxbox user list` 查看原因；如果用户已重新关注，请运行 `wxbox user sync` 更新
send-tag-unreachable = 标签“{ $tag }”下没有可送达的用户：全部未绑定或无法送达
send-template-unlisted = 无法查询模板“{ $name }”，没有任何消息进入队列：{ $cause }
send-text-cut = 文本有 { $length } 字节（UTF-8），将截断到微信的上限 { $limit } 字节
send-text-empty = 文本为空
send-text-empty-hint = 如果没有内容属于正常情况，请在 wxbox 前加 `ifne`（moreutils）
send-text-long = 文本有 { $length } 字节（UTF-8），超过微信的上限 { $limit } 字节
send-text-long-hint = 请缩短文本，或改为发送全文的链接
send-text-split-hint = 请缩短文本、改为发送全文的链接，或加 --split 分成多条发送
send-touser = 消息中的 touser 是 { $touser }，与接收者 { $openid } 不同
send-touser-hint = 请删除消息中的 touser
send-unchecked = 没有检查模板“{ $name }”和字段：{ $cause }
send-unchecked-secret = 没有缓存的模板列表，也没有 AppSecret，无法查询
send-under-way = 正在发送……
send-unfollowed-hint = 请先让用户关注服务号，再改用 --template，或加 --fallback ALIAS，或等用户给服务号发消息后再发送
send-unknown = 发给“{ $to }”的消息 { $id } 结果未知：{ $error }
send-unknown-hint = 消息可能已送达，wxbox 不会自动重发：请询问接收者，如果没有收到，请运行 `wxbox outbox retry { $id }`
send-unknown-hint-many = 消息可能已送达，wxbox 不会自动重发：请询问接收者；运行 `wxbox outbox list --state unknown` 可查看这些消息
send-url = { $url } 不是 http 或 https 地址
send-waiting = { $error }；正在重试

## user import
import-added = 已添加 { $count } 个用户
import-column = { $file } 第 { $line } 行 { $column } 列：{ $what }
import-column-twice = { $column } 列出现了两次
import-column-unknown = 未知的列“{ $column }”
import-column-unnamed = 第一行中缺少这一列的列名
import-columns = 请使用以下列名：{ $columns }；CSV 文件的第一行必须是列名
import-empty = { $file } 是空的
import-exists-hint = 没有导入任何用户。请删除这一行，或用 --database 导入到另一个数据库
import-fields = 有 { $found } 个字段，但列名有 { $expected } 个
import-fields-hint = 字段中有 { $separator } 或换行时，请用双引号把字段括起来
import-gbk = 不是 UTF-8，可能是 GBK 编码
import-gbk-hint = 请另存为“CSV UTF-8（逗号分隔）”，或用 `iconv -f GBK -t UTF-8 { $file } >utf8.csv` 转换
import-hash = 看起来是 Argon2id 哈希，但格式无效
import-hashing = 正在计算密码哈希
import-json-array = { $file } 是 JSON 数组
import-json-array-hint = 请用 `jq -c '.[]' FILE` 转换为 JSON Lines
import-json-hint = 每行必须是一个 JSON 对象；如果是 CSV 文件，请去掉 --json
import-json-tags = tags 必须是文本列表
import-json-text = 必须是文本或 null
import-line = { $file } 第 { $line } 行：{ $what }
import-no-column = { $file }：表 { $table } 没有 { $column } 列
import-no-table = { $file } 是 SQLite 数据库，但没有表 { $table }
import-no-table-hint = 请导入 CSV、JSON Lines，或早期 Django 应用的 db.sqlite3
import-no-username = 缺少 username 列
import-not-text = 不是 UTF-8 文本
import-openid = 导入 openid 前，请先在配置中设置 app_id
import-openid-odd = openid 通常有 28 个字符，以 o 开头，{ $openid } 不符合{ $others ->
    [0] {""}
   *[other] ，另有 { $others } 个也不符合
}
import-original-left = 没有导入任何用户：{ $file } 的 { $count } 个用户中有 { $wrong } 个无法导入
import-original-left-hint = 请复制该文件，在副本中修改或删除这些行，再导入副本
import-original-there-hint = 请复制该文件，在副本中删除这些行，再导入副本，或用 --database 导入到另一个数据库
import-original-twice = “{ $user }”与第 { $row } 行重复
import-own-database = { $file } 是 wxbox 的数据库，不能直接导入
import-own-database-hint = 请先用 `wxbox --database '{ $file }' user export` 导出，再用 `wxbox user import` 导入
import-password = 密码太长，或含有控制字符
import-quote-behind = 双引号之后有多余内容
import-quote-behind-hint = 字段中有双引号时，请用双引号把字段括起来，字段中的每个双引号写两遍："a ""b"" c"
import-quote-open = 此处的双引号没有闭合
import-read = 无法读取 { $file }
import-row = { $file } 第 { $row } 行：{ $what }
import-row-column = { $file } 第 { $row } 行 { $column } 列：{ $what }
import-separator-hint = 该文件用“{ $found }”分隔各列，请把所有行都改为用半角逗号分隔
import-sqlite-stdin = 标准输入是 SQLite 数据库，只能从文件读取
import-sqlite-stdin-hint = 请指定文件：`wxbox user import db.sqlite3`
import-twice = “{ $user }”与第 { $line } 行重复
import-uid = “{ $uid }”不是有效的 uid
import-uid-foreign = “{ $uid }”不是用户名“{ $user }”的 MD5
import-uid-hint = 请检查 uid：32 位十六进制数字（0-9、a-f）；留空时由用户名生成
import-uid-taken = “{ $user }”的 uid 已被“{ $holder }”使用
import-uid-twice = “{ $user }”的 uid 与第 { $line } 行的“{ $holder }”重复
import-unfinished = { $file } 正在被其他程序使用，或没有正常关闭，内容不完整
import-unfinished-hint = 请先停止原来的应用，运行 `sqlite3 '{ $file }' 'PRAGMA journal_mode = DELETE'`，再重新导入
import-unreadable = 无法读取 { $file }：{ $cause }
import-utf16 = { $file } 不是 UTF-8，可能是 UTF-16，或不是文本
import-utf16-hint = 请先转换，例如 `iconv -f UTF-16 -t UTF-8`
import-utf8 = 不是有效的 UTF-8
import-utf8-hint = 请在电子表格中另存为“CSV UTF-8（逗号分隔）”，或在编辑器中用 UTF-8 编码保存
import-workbook = { $file } 是 Excel 工作簿或其他 ZIP 文件

## user sync
sync-asking = 正在查询用户的关注状态
sync-broken = 查询中断，已完成 { $all } 个 openid 中的 { $done } 个
sync-done = { $asked ->
    [0] 没有已绑定的用户
   *[other] 已查询 { $asked } 个用户：{ $follow } 个已关注，{ $not } 个未关注{ $invalid ->
        [0] {""}
       *[other] ，{ $invalid } 个的 openid 不属于本服务号
    }；{ $changed ->
        [0] 没有变化
       *[other] { $changed } 个有变化
    }
}
sync-followed = “{ $user }”已关注
sync-followed-again = “{ $user }”已重新关注
sync-invalid = “{ $user }”的 openid { $openid }：{ $cause }
sync-invalid-some = { $count } 个用户的 openid 不属于本服务号
sync-not-followed = “{ $user }”未关注服务号，暂时无法送达
sync-unfollowed = “{ $user }”已取消关注，暂时无法送达

## template
template-add-unknown-hint = 可能已添加成功，请运行 `wxbox template list --refresh` 查看
template-added = 已添加模板 { $id }
template-added-fields = 已添加模板“{ $title }”（{ $id }），字段：{ $fields }
template-alias = 别名
template-alias-command = 要设置模板别名，请运行 `wxbox template alias NAME { $id }`
template-alias-exists = 模板别名 { $alias } 已存在，对应 { $id }
template-alias-exists-hint = 加 --force 可替换
template-alias-item = “{ $title }”（{ $fields }）{ $id }
template-alias-left = 别名“{ $name }”仍指向该模板：{ $at }
template-alias-missing = 缺少模板
template-alias-missing-hint = 请运行 `wxbox template alias { $alias } ID`，或在终端中运行，从列表中选择
template-alias-none = 没有名为 { $alias } 的模板别名
template-alias-none-hint = 请运行 `wxbox template alias { $alias }` 创建
template-alias-pick = { $alias } 对应的模板
template-alias-removed = 已从 { $path } 删除模板别名 { $alias }
template-alias-replace = 要替换吗？
template-alias-unknown = 服务号中没有别名“{ $name }”指向的模板 { $id }
template-alias-unknown-hint = 请运行 `wxbox template list` 查看服务号的模板；别名定义在 { $at }
template-alias-unknown-subscription-hint = 请运行 `wxbox template list --subscribe` 查看服务号的订阅通知模板；别名定义在 { $at }
template-alias-unusable = 这个名称不能用作模板别名：名称为空，或含有控制字符
template-alias-use = 用它发送：{ $line }
template-alias-written = 模板别名 { $alias } 现在对应“{ $title }”（{ $path }）
template-asked = 已从微信获取模板列表：{ $count } 个模板
template-asked-at = 查询时间
template-check-unknown = 无法查询模板“{ $name }”：{ $cause }
template-content = 内容
template-field-hidden = 不显示
template-fields = 字段
template-gone = 模板“{ $title }”（{ $id }）已不在服务号中
template-id = ID
template-library-unknown = 模板库中没有编号 { $id } 的模板
template-library-unknown-hint = 请在“微信公众平台 → 模板消息 → 模板库 → 类目模板库”中查看编号
template-list-alias = 别名
template-list-asked = 模板列表的获取时间：{ $ago }；运行 `wxbox template list --refresh` 可重新获取
template-list-failed = 无法从微信获取模板列表：{ $cause }
template-list-fields = 字段
template-list-id = ID
template-list-old = 使用的是缓存的模板列表（获取时间：{ $ago }），无法重新获取：{ $cause }
template-list-title = 标题
template-none = 服务号中没有模板
template-none-hint = 请在微信公众平台添加模板，或运行 `wxbox template add`
template-old = 使用的是缓存的模板列表（获取时间：{ $ago }）
template-remove-ask = 是否从服务号中删除模板“{ $title }”（{ $id }）？删除后，使用该模板的消息将无法发送。
template-remove-kept = 没有删除模板
template-remove-missing = 当前不是交互式终端，删除模板需要加 --yes
template-removed = 已删除模板“{ $title }”（{ $id }）
template-several = “{ $name }”匹配到多个模板：{ $ids }
template-several-hint = 请输入更长的模板 ID，或使用配置中的别名
template-title = 标题
template-unknown = 没有名为“{ $name }”的模板或别名
template-unknown-hint = 请运行 `wxbox template list` 查看服务号的模板，或运行 `wxbox template alias { $alias }` 选择这个名称对应的模板
template-unknown-subscription-hint = 请运行 `wxbox template list --subscribe` 查看服务号的订阅通知模板，或运行 `wxbox template alias { $alias }` 选择这个名称对应的模板

## token
token-fetch = 无法获取 access_token：{ $cause }
token-fetched = 已获取 access_token
token-forced = 微信返回的仍是失效的 access_token，正在强制刷新
token-lock = 无法锁定数据库旁的 access_token 锁文件（{ $cause }），不加锁直接获取
token-lock-held = 其他进程占用 access_token 锁且没有响应，不加锁直接获取

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
   *[now] 马上
}
ui-ask = { $prompt }：
ui-ask-default = { $prompt } [{ $default }]：
ui-at-most = { $text }，最多 { $time }……
ui-cause = { $what }：{ $cause }
ui-clauses = { $first }；{ $rest }
ui-countdown = { $text }，剩余 { $time }
ui-crash = wxbox 内部错误（{ $place }，版本 { $version }）
ui-crash-hint = 请把这一行报告给 wxbox 的维护者；排队的消息仍在发件箱中
ui-delivered = 已发送 { $sent }，未发出 { $not }
ui-editor-missing = 找不到编辑器：{ $editor }
ui-editor-missing-hint = 请把环境变量 EDITOR 设为编辑器的命令，例如 `export EDITOR=nano`
ui-editor-no-terminal = 编辑器只能在终端中使用
ui-editor-not-started = 无法启动编辑器 { $editor }
ui-editor-not-utf8 = 编辑后的文本不是有效的 UTF-8
ui-editor-quotes = 环境变量 { $variable } 中的引号不成对
ui-editor-unreadable = 无法读取编辑后的文本
ui-empty-answer = 不能为空，请输入
ui-ended = 输入已结束，没有得到回答
ui-error = 错误：
ui-hidden = [已隐藏]
ui-hidden-none = [未设置]
ui-hint = 提示：
ui-info = 信息：
ui-interrupted = 已中断
ui-json =
    { $kind ->
        [end] 第 { $line } 行第 { $column } 列之后内容不完整
        [syntax] 第 { $line } 行第 { $column } 列有语法错误
        [unknown] 第 { $line } 行第 { $column } 列：没有字段 { $field }，可用的字段：{ $expected }
       *[other] 第 { $line } 行第 { $column } 列：{ $text }
    }
ui-json-fault =
    { $kind ->
        [end] 内容不完整
        [syntax] 有语法错误
       *[other] { $text }
    }
ui-language-unknown = WXBOX_LANG 的值 { $name } 无效，wxbox 只支持 en 和 zh
ui-list = { $first }、{ $rest }
ui-no = 否
ui-pick-help = ↑↓ 移动，Enter 确定，Esc 取消
ui-pick-more =       … 还有 { $count } 项：输入部分文字可筛选
ui-pick-no-match = 没有匹配项
ui-pick-number = 序号或部分文字
ui-pick-numbers = 序号（如 1 3）或部分文字
ui-pick-several-help = ↑↓ 移动，Tab 多选，Enter 确定，Esc 取消
ui-prompt = 无法读取输入
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
ui-span-part = { $count } { $unit ->
    [ms] 毫秒
    [s] 秒
    [m] 分
    [h] 小时
    [day] 天
    [days] 天
    [month] 个月
    [months] 个月
    [year] 年
    [years] 年
   *[other] { $unit }
}
ui-stdin = 无法读取标准输入
ui-stdin-end = 请输入内容，在行首按 Ctrl-D 结束。
ui-stdin-name = stdin
ui-stdin-long = 标准输入超过 { $limit } 字节
ui-stdin-utf8 = 标准输入不是有效的 UTF-8
ui-stdin-utf8-hint = 请先转换，例如 `iconv -f GBK -t UTF-8`
ui-stdout = 无法写入标准输出
ui-unread = 其余结果没有输出：管道的另一端没有读取
ui-system =
    { $kind ->
        [AddrInUse] 地址已被占用
        [AddrNotAvailable] 本机没有这个地址
        [AlreadyExists] 已存在
        [ArgumentListTooLong] 参数太长
        [BrokenPipe] 管道已断开
        [Certificate] 证书不受信任、已过期或与域名不符（{ $text }）
        [Closed] 连接在响应完成之前关闭
        [ConnectionAborted] 连接中断
        [ConnectionRefused] 连接被拒绝
        [ConnectionReset] 连接被重置
        [Deadlock] 会造成死锁
        [DirectoryNotEmpty] 目录不为空
        [ExecutableFileBusy] 程序文件正在使用
        [FileTooLarge] 文件太大
        [HostUnreachable] 无法到达该主机
        [Http] 响应不是有效的 HTTP
        [Interrupted] 被中断
        [IsADirectory] 是目录
        [Lookup] 域名无法解析
        [NetworkDown] 网络已断开
        [NetworkUnreachable] 无法到达该网络
        [NotADirectory] 路径中的某一级不是目录
        [NotConnected] 尚未连接
        [NotFound] 文件或目录不存在
        [OutOfMemory] 内存不足
        [PermissionDenied] 权限不足
        [QuotaExceeded] 磁盘配额已用完
        [ReadOnlyFilesystem] 文件系统只读
        [ResourceBusy] 正在使用
        [StorageFull] 磁盘已满
        [TimedOut] 超时
        [UnexpectedEof] 内容不完整
       *[other] { $text }
    }
ui-warning = 警告：
ui-when = { $time }（{ $ago }）
ui-yes = 是

## unbind
unbind-done = 已解除“{ $user }”与 { $openid } 的绑定
unbind-unknown = 发给该用户的消息中，有 { $count } 条不再重发，但之前可能已送达
unbind-withdrawn = 已取消 { $count } 条等待发给该用户的消息

## user
user-added = 已添加“{ $user }”
user-changed = 已修改“{ $user }”
user-exists = 用户“{ $user }”已存在
user-exists-hint = 请运行 `wxbox user edit { $name }` 修改该用户
user-gone = “{ $user }”刚刚被另一个 wxbox 进程删除
user-list-left = 已取消关注
user-list-name = 用户名
user-list-not-following = 未关注
user-list-note = 备注
user-list-openid = OPENID
user-list-refused = 被微信拒绝（{ $errcode }）
user-list-status = 状态
user-list-tags = 标签
user-list-unbound = 未绑定
user-name-control = 用户名含有控制字符
user-name-empty = 用户名为空
user-name-hidden = 用户名含有不可见的字符（U+{ $code }）
user-name-hidden-hint = 请重新输入用户名；不可见的字符通常来自复制的文本
user-name-long = 用户名有 { $length } 个字符，超过上限（{ $limit } 个）
user-name-missing = 没有指定用户名
user-name-missing-hint = 请在命令行中指定：`wxbox user add NAME`
user-name-prompt = 用户名
user-none = 还没有用户；请用 `wxbox user add NAME` 添加
user-none-match = 没有符合条件的用户；请运行 `wxbox user list` 查看所有用户
user-not-bound = “{ $user }”尚未绑定
user-not-bound-hint = 请运行 `wxbox bind --user { $name }`，并扫描显示的二维码
user-password-again = 再输入一次
user-password-differs = 两次输入不一致，请重新输入
user-password-hash = 无法计算密码哈希
user-password-missing = 没有输入“{ $user }”的密码
user-password-missing-hint = 请用 --password-stdin 输入密码，或用 --remove 清除密码
user-password-prompt = 密码（绑定时需要输入，直接按回车表示不设密码）
user-password-removed = 已清除“{ $user }”的密码
user-password-set = 已设置“{ $user }”的密码
user-password-unusable = 标准输入必须是密码：一行，不能为空
user-remove-ask = 要删除“{ $user }”吗？绑定关系、标签，以及发给该用户的所有消息的内容会一并删除。
user-remove-kept = 没有删除用户
user-remove-missing = 当前不是交互式终端，删除用户需要加 --yes
user-removed = 已删除“{ $user }”
user-removed-log = 已删除的内容可能仍留在 { $path } 中，直到该文件被覆盖：有其他进程正在读取数据库，或磁盘已满
user-removed-messages = 同时删除了 { $count } 条消息的内容{ $queued ->
    [0] {""}
   *[other] ，其中 { $queued } 条在排队，不会再发送
}{ $unknown ->
    [0] {""}
   *[other] ；排队的消息中有 { $unknown } 条之前可能已送达，不再重发
}
user-same-letters = “{ $user }”与“{ $other }”只有大小写不同，是两个用户
user-show-added = 添加时间
user-show-bound = { $openid }，绑定时间：{ $time }
user-show-follows = 关注状态
user-show-follows-left = 已取消关注
user-show-follows-not = 未关注：绑定后还没有关注，关注之后才能收到消息
user-show-follows-unknown = 未知；运行 `wxbox user sync` 可查询
user-show-follows-yes = 已关注
user-show-name = 用户名
user-show-not-following = 否：用户没有关注服务号（{ $errcode }）；重新关注后，请运行 `wxbox user sync`，或用 `--user` 单独发送一次以恢复
user-show-not-following-served = 否：用户没有关注服务号（{ $errcode }）；重新关注后，`wxbox serve` 会自动恢复
user-show-note = 备注
user-show-reachable = 可送达
user-show-tags = 标签
user-show-texts = 文本消息
user-show-texts-over = 不能发送：48 小时客服消息时限已过（{ $time }），用户再次发消息后才能发送
user-show-texts-until = 可以发送，截止时间：{ $time }（用户最后一次发消息后的 48 小时）
user-show-uid = uid
user-show-unbound = 未绑定
user-show-unreachable = 否：微信曾拒绝接收（见 `wxbox explain { $errcode }`），按标签发送或群发时会跳过；请用 `--user` 单独发送一次以恢复
user-show-wechat = 微信 openid
user-tag-one = “{ $tag }”会作为一个标签；如果要设置多个标签，请分别指定：{ $options }
user-tag-several = 请分别指定每个标签：{ $options }
user-tag-unusable = “{ $tag }”不能用作标签：必须是 1 到 { $limit } 个可见字符，不能有分号
user-uid-taken = 用户名“{ $user }”的 uid 已被改过名的“{ $holder }”使用
user-uid-taken-hint = 请换一个用户名
user-unknown-hint = 请运行 `wxbox user list` 查看所有用户
user-unknown-home-hint = 数据库 { $path } 不存在。如果以前添加过用户，当时的 HOME 或系统用户与现在不同：请用 --database 指定当时的数据库
user-unknown = { $path } 中没有名为“{ $user }”的用户

## wechat
wechat-allow-ip-hint = 请把 { $ip } 加入“API IP 白名单”（“微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥”），几分钟后重试
wechat-answer-lacks = 缺少 { $field }
wechat-answer-not-json = 不是有效的 JSON
wechat-answer-redirect = 返回了重定向
wechat-answer-status = 服务器返回了 HTTP 错误
wechat-answer-too-long = 响应太长
wechat-bad-answer = { $host } 返回的不是微信的响应（HTTP { $status }）：{ $cause }
wechat-explain-hint = 请运行 `wxbox explain { $code }` 查看详细说明
wechat-bad-answer-hint = 请检查 network.api_base 和 network.proxy；请求可能被代理或防火墙拦截
wechat-ca-file = 无法加载 CA 证书文件 { $path }：{ $cause }
wechat-ca-file-empty = 文件中没有证书
wechat-ca-variable = 无法加载 { $name } 指定的 CA 证书 { $path }：{ $cause }
wechat-certificate-early = 服务器证书尚未生效（本机时间 { $now }）
wechat-certificate-expired = 服务器证书已过期（本机时间 { $now }）
wechat-certificate-hint = 如果代理或防火墙会解密 TLS 流量，请在 network.ca_file 中指定 CA 证书文件（PEM）
wechat-certificate-name = 服务器证书的域名不匹配
wechat-certificate-unknown = 服务器证书的签发机构不受信任
wechat-clock-hint = 请用 `date` 检查系统时间：时间不准会导致证书校验失败
wechat-files-hint = 请提高可同时打开的文件数上限（`ulimit -n`，或 systemd 单元中的 LimitNOFILE=）
wechat-requires-custom = 只有已认证的服务号和公众号（原订阅号），以及测试号，才能发送客服消息
wechat-requires-followers = 只有已认证的服务号和公众号（原订阅号），以及测试号，才能读取关注者列表和用户信息
wechat-requires-subscribe = 只有已认证的服务号才能发送订阅通知
wechat-requires-template = 只有已认证的服务号和测试号才能发送模板消息
wechat-threads-hint = 请提高线程数上限（`ulimit -u`、容器的 --pids-limit、systemd 单元的 TasksMax=）；没有任何消息进入队列
wechat-no-answer = { $host } 没有响应：{ $cause }
wechat-no-client = 无法创建 HTTP 客户端：{ $cause }
wechat-passes-hint = 微信通常在一分钟内恢复，请稍候
wechat-refreshed-hint = wxbox 会自动重新获取 access_token；如果反复出现，请运行 `wxbox doctor` 检查原因
wechat-no-host = network.api_base 中没有主机名
wechat-not-sent = 无法连接 { $host }：{ $cause }
wechat-not-sent-hint = 请检查网络、network.api_base 和 network.proxy
wechat-not-sent-local-hint = 请启动 `wxbox sandbox`，或检查 network.api_base
wechat-proxy-head = 代理返回了 HTTP { $status }，响应头超过 8 KiB，无法读取
wechat-proxy-hint = 请检查 { $name } 指定的代理，或不使用代理
wechat-proxy-named = { $proxy }（{ $name }）
wechat-proxy-no-tunnel = 代理没有建立隧道
wechat-proxy-status = 代理返回了 HTTP { $status }，没有建立隧道
wechat-proxy-unreadable = { $name } 的值不是有效的代理地址，应为 http://proxy.example.com:3128 这样的格式
wechat-refused = 微信返回 { $code }（{ $errmsg }）
wechat-refused-bare = 微信返回 { $code }
wechat-refused-meaning = 微信返回 { $code }（{ $errmsg }），{ $meaning }
wechat-secret-hint = AppSecret 来自 { $from }：请与“微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥”（测试号：测试号管理页面）核对；如果已遗失，请重置。重置后，仍使用旧 AppSecret 的程序将无法调用接口
wechat-secret-odd-hint = { $from } 中的 AppSecret 格式不正确（应为 32 个字符，只含 0-9 和 a-f）：请重新完整复制，不需要重置
wechat-timed-out = 超时
wechat-via = 经过代理 { $proxy }：{ $cause }
