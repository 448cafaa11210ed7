### 用户看到的文字，简体中文。缺少的条目用英文。

## callback（手机上的页面）
callback-account-title = 绑定失败
callback-account-why = 微信拒绝了本公众号的配置，无法确认你的授权。
callback-again-todo = 请在微信中重新扫描二维码或打开链接，再授权一次。
callback-bad-code-title = 授权无效
callback-bad-code-why = 这不是微信签发的授权。
callback-bound-nickname = 微信昵称
callback-bound-title = 绑定成功
callback-bound-todo = 现在可以关闭本页面了。
callback-bound-user = 用户
callback-bound-why = 发给以下用户的消息，将由公众号送达此微信。
callback-log-bad-code = code 的形式不对，不可能来自微信
callback-log-method = 请求方法不是 GET
callback-log-no-code = state 正确，但没有 code（可能是链接检测）
callback-log-path = 路径不对
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
callback-snapshot-todo = 请轻触页面底部的“使用完整服务”，然后重新扫描二维码。
callback-state-title = 链接无效
callback-state-why = 没有绑定在等待这次授权。链接可能已过期，或属于另一次绑定。
callback-taken-title = 链接已被使用
callback-taken-why = 这个链接已经完成过绑定，只能使用一次。
callback-unkept-title = 绑定未保存
callback-unkept-why = 微信已确认你的身份，但服务器没能保存绑定。
callback-unreachable-title = 暂时无法连接微信
callback-unreachable-why = 服务器刚才没有连上微信，绑定还没有完成。
callback-unreachable-todo = 请稍后刷新本页面。
callback-used-title = 授权已被使用
callback-used-why = 每次授权只能使用一次，这一次的已经用过了。

## rule（模板字段的值）
rule-amount = 金额最多 10 位数字，可带小数，前面可带一个货币符号，结尾可带“元”，如 ¥12.50
rule-blank = 不会显示任何内容：{ $keys }
rule-broken = 微信会拒绝 { $key } 的值“{ $value }”：{ $rule }
rule-car-number = 车牌最多 8 位字母和数字，首位和末位可为汉字，如 粤A8Z888挂
rule-character-string = 最多 32 位数字、字母或符号，不能有汉字和空格
rule-color = 微信不显示颜色：{ $keys }
rule-const = 只能是随模板审核通过的文字，最多 20 个字符
rule-date = 日期写作 2019年10月1日 或 2019-10-01，后面可带时间，两个日期用 ~ 连接
rule-decimals = 不带小数的金额曾被微信拒绝：{ $key } 为 { $value }
rule-emoji = 不显示表情符号
rule-empty = 微信会拒绝空的 { $key }
rule-enum = 只能是随模板审核通过的文字
rule-hidden = 微信不显示 { $keys }
rule-length = 最多显示 { $limit } 个字符
rule-letter = 最多 32 位字母，不能有其他字符
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
## doctor、init（含 redirect_uri 的规则）
doctor-api-followers = 关注者列表
doctor-api-people = 用户基本信息
doctor-api-templates = 模板消息
doctor-api-texts = 客服消息
doctor-apis-denied = 账号没有这些接口的权限：{ $apis }
doctor-apis-fix = 已认证的账号和测试号才有这些权限；可在公众平台的“接口权限”中查看
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
doctor-callback-far-fix = 如果由路由器把端口转发到本机，可能只是路由器不支持 NAT 回环：运行 `wxbox bind`，用不在此 Wi-Fi 下的手机打开该地址试试
doctor-callback-name-fix = redirect_uri 中的域名必须解析到本机，或解析到转发回调的服务器
doctor-callback-other = { $uri } 由别的程序应答（HTTP { $status }）
doctor-callback-other-fix = 让应答的 Web 服务器或内网穿透把该路径连同查询参数转发到 { $address }
doctor-callback-own-fix = redirect_uri 指向本机，但到不了 bind 监听的 { $address }：请核对端口，并检查防火墙
doctor-callback-router-fix = 如果由路由器把端口转发到本机，可能只是路由器不支持 NAT 回环而自行应答；否则请让应答的程序把该路径转发到 { $address }。可在 `wxbox bind` 等待时用不在此 Wi-Fi 下的手机验证
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
doctor-looking = 正在检查，
doctor-name-apis = 接口权限
doctor-name-callback = 回调
doctor-name-clock = 时钟
doctor-name-config = 配置
doctor-name-credentials = 账号凭证
doctor-name-database = 数据库
doctor-name-ip-list = IP 白名单
doctor-name-names = 域名解析
doctor-name-outbox = 待发消息
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
doctor-proxy-config = { $proxy }（network.proxy）
doctor-proxy-environment = { $proxy }（环境变量）
doctor-proxy-failed = 无法连接 { $proxy }：{ $cause }
doctor-proxy-fix = 请修正或删除 network.proxy，或环境变量 HTTPS_PROXY
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
doctor-secret-fix = AppSecret 是 32 位 0-9、a-f；如果遗失，可在后台重置
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
doctor-tls-certificate-fix = 如果代理会解开 TLS，请在 network.ca_file 中指定其 CA 证书；时钟不准也会使有效的证书显得无效
doctor-tls-none = 可以访问 { $hosts }，未使用 TLS
doctor-token = 微信接受 AppID 和 AppSecret
doctor-token-kept = 已存的 access_token 在 { $time } 前有效；没有验证 AppSecret，因为重新获取会使其他程序的 token 失效（token_endpoint = "classic"）
doctor-warnings = 一切可用，{ $warnings } 项警告
doctor-well = 一切正常
init-again = 再试一次？
init-app-id = AppID
init-begin = 将写入 { $path }。按 Ctrl-C 退出，不留任何痕迹。
init-cannot-write = 无法写入 { $path }：{ $cause }
init-cannot-write-hint = 用 -c 或环境变量 WXBOX_CONFIG 指定其他位置
init-console = 请到微信后台填写 { $enter }：测试号填在“网页授权获取用户基本信息”，正式账号填在“网页授权域名”。
init-expected-app-id = AppID，如 wx3d0d44e8d59b5b8c
init-expected-listen = 主机和端口，如 127.0.0.1:8080 或 :8080
init-expected-redirect = 带主机的 http 或 https 地址，如 http://203.0.113.7:8080/callback/
init-expected-sandbox = 沙箱的地址，如 http://127.0.0.1:8899
init-exists-hint = --force 会替换它，原文件保存为 FILE.bak
init-file-header =
    wxbox 配置文件，含全部配置项，由 `wxbox init` 生成。其中有账号的 AppSecret，只应由你本人读取。
    `wxbox doctor` 可检查一切是否正常。

    被注释的行是没有固定默认值的配置项的示例；其余不是你所填写的行都是默认值，可以删去。
init-kept = 原文件已保存为 { $path }
init-listen = 监听地址
init-listen-missing = redirect_uri 是 https，必须告诉 bind 在哪里监听：请在配置中设置 listen.address
init-missing = 无法询问，缺少：{ $options }
init-missing-hint = 请用选项给出，AppSecret 用 WXBOX_APP_SECRET 或标准输入；在终端中运行 `wxbox init` 会逐项询问
init-missing-secret = --secret-stdin（或环境变量 WXBOX_APP_SECRET）
init-must-be = 应为：{ $expected }
init-near = 同一 Wi-Fi 下的手机可用下面的地址访问本机。测试号这样即可；正式账号需要已备案的域名，如 https://wx.example.com/callback/。
init-next = 接下来：
init-nothing = 没有任何改动
init-nothing-written = 没有写入任何内容：{ $cause }
init-others = 本机的其他地址：{ $others }
init-public = 本机在公网上的地址如下。测试号这样即可；正式账号需要已备案的域名，如 https://wx.example.com/callback/。
init-redirect = 回调地址
init-replace = { $path } 已存在。替换它？（原文件保存为 FILE.bak）
init-secret = AppSecret（输入时不显示）
init-secret-length = AppSecret 应有 32 个字符，这里有 { $length } 个
init-secret-unusable = 标准输入应为 AppSecret：一行，不能为空
init-trying = 正在向微信验证……
init-unchecked = 未经验证即写入；可用 `wxbox doctor` 再次检查
init-unreached-hint = 请检查网络和环境变量 HTTPS_PROXY；--no-check 可不经验证直接写入配置
init-value = { $option } 应为：{ $expected }
init-where-app-id = AppID 和 AppSecret：测试号（免费，人人可用）在其页面上 https://mp.weixin.qq.com/debug/cgi-bin/sandbox?t=sandbox/login；正式账号在 微信开发者平台 → 我的业务。
init-where-listen = https 地址前面需要 Web 服务器或内网穿透。它把回调转发到哪里？
init-where-redirect = 回调地址：有人绑定时，微信让手机跳转到这里。手机必须能打开它。
init-where-sandbox = AppID 和 AppSecret 见 `wxbox sandbox` 的输出。
init-works = 验证通过。
init-written = 已写入 { $path }
redirect-ip = 这是 IP 地址，正式账号不接受
redirect-local = 手机无法解析这个名字
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
explain-does-done = 无需处理：这不是错误
explain-does-fail = 收到此码的消息记为失败，不再重发
explain-does-fail-mark = 收到此码的消息记为失败，并把此人标记为无法送达：按标签或群发时会跳过
explain-does-hold-day = 收到此码的消息留在队列，等调用次数在北京时间零点后重新计算
explain-does-page = 无需处理：只显示在手机上，wxbox 收不到
explain-does-refresh = 重新获取 access_token，再调用一次
explain-does-stop-kind = 收到此码的消息记为失败，本次运行中同类或同模板的其他消息也一样
explain-does-stop-run = 不再发送；其余消息留在队列
explain-errmsg = 微信原文
explain-hint = 请给出错误码（如 40164），或 errmsg 末尾的 rid（如 6aac005a-01bfdbee-79769285）
explain-meaning = 含义
explain-nearest = 最接近的是 { $codes }
explain-neither = “{ $what }”既不是错误码，也不是 rid
explain-refused = { $rid }：{ $cause }
explain-remedy = 处理办法
explain-time = 时间
explain-unknown = wxbox 不认识错误码 { $code }
explain-unknown-hint = 请查阅微信文档中的“全局返回码”
explain-url = 请求地址
explain-wxbox = wxbox

## follower
follower-asking = 正在向微信获取关注者
follower-list-broken = 列表中断，已列出 { $listed } / { $total } 位关注者
follower-list-openid = OPENID
follower-list-users = 用户
follower-none = 没有人关注此公众号
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
follower-show-since = 自 { $time }
follower-show-tags = 标签
follower-show-unionid = unionid
follower-show-users = 用户
follower-show-yes = 已关注
follower-unremarked = 已清除 { $who } 的备注名

## quota
quota-clear-ask = 把 { $app_id } 的全部接口调用次数清零？微信每月只允许 10 次，后台操作也计入。
quota-clear-missing = 清零调用次数（微信每月只允许 10 次）无人可问时需要 --yes
quota-cleared = { $app_id } 的全部接口调用次数已清零；微信每月只允许 10 次
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
## run
run-cannot-report = 命令结束后不会通知任何人：{ $cause }
run-interpreter-hint = 脚本的第一行应写明解释器，例如 #!/bin/sh
run-not-reported = 命令的结果没有通知任何人：{ $cause }
run-not-started = 无法运行 { $program }：{ $cause }
run-result-bad = 失败
run-result-good = 成功
run-stdin = 标准输入属于命令自己
run-stdin-hint = 用 --text 给出文本，或把字段写在文件里
run-text-bad = 失败（状态 { $status }），{ $host }，用时 { $duration }：{ $command }
run-text-good = 成功（状态 0），{ $host }，用时 { $duration }：{ $command }
run-text-not-started = 未能启动（状态 { $status }），{ $host }：{ $command }：{ $cause }
run-text-signal = 被 { $signal } 终止（状态 { $status }），{ $host }，用时 { $duration }：{ $command }

## sandbox
sandbox-open = 沙箱监听 { $address }：能访问它的人都能使用
sandbox-library = 模板库（供 `template add` 使用）
sandbox-people = 用户
sandbox-person-away = 未关注公众号
sandbox-person-silent = 已关注；没有发过消息，只能收模板消息，不能收文本
sandbox-person-wrote = 已关注，刚发过消息
sandbox-person-crowd = 全部已关注，刚发过消息
sandbox-port-hint = 那里可能已有一个沙箱；--listen 127.0.0.1:0 使用任意空闲端口
sandbox-stop = 按 Ctrl-C 停止。请求：
sandbox-templates = 模板
sandbox-world = 无法使用 { $path }：{ $cause }
sandbox-world-toml = 第 { $line } 行：{ $message }
sandbox-world-value = { $key } 不能是“{ $value }”
sandbox-world-twice = { $key } “{ $value }”重复
sandbox-world-alone = { $key } 须与 { $with } 一起使用
sandbox-world-several = 一个故障只能有其中一项：{ $keys }
sandbox-world-none-of = 一个故障须有其中一项：{ $keys }
sandbox-inbox-title = wxbox 沙箱
sandbox-inbox-lead = 本机上的微信平台替身。公众号发出的消息会显示在下面的手机上，不会离开这台机器。
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
sandbox-fault-struck = 已发生 { $count } 次
sandbox-follows = 已关注
sandbox-follows-not = 未关注
sandbox-state-open = { $left ->
    [0] 已关注；在此人再次留言前不能再发文本
   *[other] 已关注；{ $until } 之前还可发 { $left } 条文本
  }
sandbox-state-closed = 已关注；最近没有留言，只能收模板消息
sandbox-state-stranger = 未关注：任何消息都会被拒绝
sandbox-phone-chosen = 用它打开链接
sandbox-phone-choose = 用这部手机打开链接
sandbox-follow = 关注
sandbox-unfollow = 取消关注
sandbox-say = 给公众号留言
sandbox-say-send = 发送
sandbox-click = 点击公众号菜单
sandbox-typing = 对方正在输入…
sandbox-grant-give = 再允许一次
sandbox-grant-back = 取消授权
sandbox-grant-lasts = 长期有效
sandbox-grant-scene = 允许场景 1000 一次
sandbox-note-followed = 关注了公众号
sandbox-note-left = 取消了关注
sandbox-note-clicked = 点击了公众号菜单
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
sandbox-consent-asks = 申请获取
sandbox-consent-title = 你的昵称、头像
sandbox-consent-text = 公众号将知道你是谁。请选择由谁回答：
sandbox-consent-allow = 允许
sandbox-consent-refuse = 拒绝
sandbox-refused-title = 未授权
sandbox-refused-text = 微信不会通知任何人：发起方会一直等到超时。返回可重新选择。
sandbox-ask-title = 接收一条消息
sandbox-ask-text = 确认后，公众号可以向你发送一条消息。请选择由谁回答：
sandbox-ask-confirm = 确定
sandbox-ask-cancel = 取消
sandbox-ask-action = action 必须是 get_confirm。
sandbox-ask-scene = scene 必须是 0 到 10000 的整数。
sandbox-ask-template = template_id 不是该公众号的一次性订阅模板。
sandbox-ask-redirect = redirect_url 不是公众号业务域名下的网址。
sandbox-ask-reserved = reserved 只能由字母和数字组成，最多 128 个。
sandbox-missing-title = 没有找到
sandbox-missing-text = 沙箱里没有这个页面、人或表单。
sandbox-foreign-title = 来源不对
sandbox-foreign-text = 这个表单不是从沙箱自己的页面发出的。
sandbox-link-title = 微信无法打开此链接
sandbox-link-title-number = 错误 { $code }
sandbox-link-10003 = redirect_uri 不在公众号的授权域名下。
sandbox-link-10005 = scope 既不是 snsapi_base 也不是 snsapi_userinfo。
sandbox-link-10010 = scope 为空。
sandbox-link-10011 = redirect_uri 为空。
sandbox-link-10012 = appid 为空。
sandbox-link-10013 = state 为空。
sandbox-link-appid = appid 不是这个沙箱的账号。
sandbox-link-order = 参数必须依次为 appid、redirect_uri、response_type、scope、state。
sandbox-link-encoding = redirect_uri 必须且只能百分号编码一次。
sandbox-link-response-type = response_type 必须是 code。
sandbox-link-state = state 只能由字母和数字组成，最多 128 个。
sandbox-line-unknown = 沙箱没有此接口
sandbox-line-fault = 故障：{ $fault }
sandbox-listening =
    微信沙箱地址：{ $url }
      app_id      { $app_id }
      app_secret  { $app_secret }

## send（字段）
send-fields-check-hint = `wxbox template check { $name } --data …` 可预览收件人看到的内容
send-fields-strict-hint = 不用 --strict 时只是警告；`wxbox template check { $name } --data …` 可预览收件人看到的内容
send-file-hint = 请指定文件，或用 - 表示标准输入
send-message-hint = 内容是一个对象，如 { "{" }"msgtype": "image", "image": { "{" }"media_id": "@chart.png"{ "}" }{ "}" }；详见 `wxbox send --help`
send-message-json = { $file } 不是 JSON 消息：{ $cause }
send-cancelled-why = 发给 { $to } 的消息 { $id } 已取消：{ $error }
send-news-hint = 文件为 TOML 或 JSON，含 title、description、url 和 picurl；示例见 `wxbox send --help`
send-news-toml = { $file } 不是 TOML 或 JSON 格式的图文：{ $cause }
send-split-many = 文本将分 { $parts } 条发送，而用户再次发言之前，微信最多接受 { $limit } 条客服消息
send-text-split-hint = 请缩短文本、改为发送链接，或用 --split 分成多条发送
send-touser = 消息自带的 touser 是 { $touser }，而收件人是 { $openid }
send-touser-hint = 请去掉消息中的 touser

## template
template-add-unknown-hint = 可能已经添加成功：用 `wxbox template list --refresh` 查看
template-added = 已添加模板 { $id }
template-added-fields = 已添加模板 { $title }（{ $id }）：字段为 { $fields }
template-alias-left = 别名 { $name } 仍指向它：{ $at }
template-check-unknown = 无法查询模板 { $name }：{ $cause }
template-field-hidden = 不显示
template-gone = 账号中已没有模板 { $title }（{ $id }）
template-library-unknown = 模板库中没有 { $id }
template-library-unknown-hint = 编号见公众平台：模板消息 → 模板库 → 类目模板库
template-remove-ask = 从账号中删除模板 { $title }（{ $id }）？之后用它的消息都无法发送。
template-remove-kept = 没有删除任何内容
template-remove-missing = 无法询问时，删除模板需要 --yes
template-removed = 已删除模板 { $title }（{ $id }）
template-unknown-subscription-hint = `wxbox template list --subscribe` 列出账号的订阅通知模板
template-alias-unknown-subscription-hint = `wxbox template list --subscribe` 列出账号已有的订阅通知模板；别名定义在 { $at }
## user import
import-no-column = { $file }：表 { $table } 没有 { $column } 列
import-no-table = { $file } 是 SQLite 数据库，但没有表 { $table }
import-no-table-hint = 可导入原网页应用的 db.sqlite3、CSV 和 JSON Lines
import-not-text = 不是 UTF-8 文本
import-original-left = 没有导入任何人：{ $file } 的 { $count } 人中有 { $wrong } 人无法导入
import-original-left-hint = 请在文件的副本中改正或删除这些行，再导入副本
import-original-there-hint = 请在文件的副本中删除这些行再导入，或用 --database 导入另一个数据库
import-original-twice = { $user } 已在第 { $row } 行出现
import-own-database = { $file } 是 wxbox 自己的数据库
import-own-database-hint = `wxbox --database '{ $file }' user export` 的输出可用 `wxbox user import` 导入
import-row = { $file } 第 { $row } 行：{ $what }
import-row-column = { $file } 第 { $row } 行 { $column } 列：{ $what }
import-sqlite-stdin = 标准输入是 SQLite 数据库，只能以文件读取
import-sqlite-stdin-hint = 请给出文件名：`wxbox user import db.sqlite3`
import-uid-foreign = “{ $uid }”不是 { $user } 的 MD5
import-unfinished = { $file } 正在使用，或没有正常关闭：内容还不完整
import-unfinished-hint = 请先停止原应用，再执行 `sqlite3 '{ $file }' 'PRAGMA journal_mode = DELETE'`，然后重试
import-unreadable = 无法读取 { $file }：{ $cause }

## user sync
sync-asking = 正在向微信查询谁仍在关注
sync-broken = 查询中断，已完成 { $done } / { $all } 个 openid
sync-done = { $asked ->
    [0] 没有人绑定
   *[other] 查询了 { $asked } 人：{ $follow } 人关注，{ $not } 人未关注；{ $changed ->
        [0] 没有变化
       *[other] { $changed } 人有变化
    }
}
sync-followed = { $user } 已重新关注，可以送达
sync-invalid = { $user } 的 openid { $openid }：{ $cause }
sync-invalid-some = { $count } 人的 openid 不属于此公众号
sync-unfollowed = { $user } 已取消关注，无法送达

## batch
batch-file-named = 批量消息的一行不能用 @ 指定文件
batch-file-named-hint = 先用 `wxbox media upload 文件` 取得 media_id

## delivery
delivery-file-gone = { $file } 已不再保存，无法上传
delivery-part-cut = 前一部分（消息 { $id }）没有送达
delivery-part-waits = 等待前一部分（消息 { $id }）送达
delivery-upload = 无法上传 { $file }：{ $error }

## outbox
outbox-after = 前一部分

## wechat
wechat-who-custom = 客服消息只有已认证的订阅号、服务号和测试号可以发送
wechat-who-people = 关注者列表和用户信息只有已认证的订阅号、服务号和测试号可以读取
wechat-who-subscribe = 订阅通知只有已认证的服务号可以发送（已认证的订阅号可能也可以）
wechat-who-template = 模板消息只有已认证的服务号和测试号可以发送

## kind（消息的组成部分）
kind-hint = 消息的写法见 `wxbox send --help`
kind-kinds-hint = 类型有：{ $kinds }
kind-link-hint = 请写完整地址，如 https://status.example.com
kind-media-hint = `wxbox media upload 文件` 会输出 media_id；在 --message 的文件中，可用 "@文件" 指定要上传的文件
kind-missing = 类型为 { $kind } 的消息缺少 { $part }
kind-none = 消息既没有 msgtype，也没有 template_id
kind-none-hint = msgtype 说明消息类型：text、image、news……；详见 `wxbox send --help`
kind-not-link = { $part } 不是 http 或 https 地址：{ $url }
kind-not-list = { $part } 必须是非空列表
kind-not-media-id = { $part } 不可能是 media_id：{ $text }
kind-not-object = { $part } 必须是对象
kind-not-text = { $part } 必须是文本，且不能为空白
kind-parts-hint = 可用的部分：{ $parts }{ $optional ->
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
