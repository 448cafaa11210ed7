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
sandbox-note-followed = 关注了公众号
sandbox-note-left = 取消了关注
sandbox-details = 详情
sandbox-mini-program = 小程序 { $target }
sandbox-repeats = 重复发送 { $count } 次，已忽略
sandbox-consent-asks = 申请获取
sandbox-consent-title = 你的昵称、头像
sandbox-consent-text = 公众号将知道你是谁。请选择由谁回答：
sandbox-consent-allow = 允许
sandbox-consent-refuse = 拒绝
sandbox-refused-title = 未授权
sandbox-refused-text = 微信不会通知任何人：发起方会一直等到超时。返回可重新选择。
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

