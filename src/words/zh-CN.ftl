### 用户看到的文字，简体中文。缺少的条目用英文。

## callback（手机上的页面）

## sandbox
sandbox-world-value = { $key } 不能是“{ $value }”
sandbox-world-twice = { $key } “{ $value }”重复
sandbox-inbox-title = wxbox 沙箱
sandbox-inbox-lead = 本机上的微信平台替身。公众号发出的消息会显示在下面的手机上，不会离开这台机器。
sandbox-inbox-foot = 时间均为北京时间。
sandbox-switch-strict = 模板按正式账号检查
sandbox-switch-snapshot = 以快照页打开链接
sandbox-switch-double = 回调两次
sandbox-clock-forward = 时钟拨快 49 小时
sandbox-clear = 清空所有手机
sandbox-empty = 还没有消息
sandbox-more-people = 还有 { $count } 人：用 /?person=名字 查看其中一人。
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
sandbox-listening =
    微信沙箱地址：{ $url }
      app_id      { $app_id }
      app_secret  { $app_secret }
