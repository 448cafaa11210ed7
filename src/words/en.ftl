### Every text that a person reads, in English. The id says where it is used: room, thing, part.
### Sections stand in alphabetical order of their rooms.

## bind (terminal)

## callback (pages on the phone)

## config

## delivery

## sandbox (pages and terminal)
sandbox-world-value = { $key } cannot be “{ $value }”
sandbox-world-twice = { $key } “{ $value }” is there twice
sandbox-inbox-title = wxbox sandbox
sandbox-inbox-lead = A stand-in for the WeChat platform on this machine. What the account sends arrives on these phones; nothing leaves the machine.
sandbox-inbox-foot = Times are those of China, as WeChat counts them.
sandbox-switch-strict = templates as on a real account
sandbox-switch-snapshot = links open as snapshot pages
sandbox-switch-double = callbacks come twice
sandbox-clock-forward = set the clock 49 hours forward
sandbox-clear = clear all phones
sandbox-empty = nothing has arrived yet
sandbox-more-people = { $count } more people have phones: /?person=NAME shows one of them.
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
sandbox-note-followed = followed the account
sandbox-note-left = unfollowed the account
sandbox-details = Details
sandbox-mini-program = Mini program { $target }
sandbox-repeats = { $count ->
    [one] sent again once, and dropped
   *[other] sent again { $count } times, and dropped
  }
sandbox-consent-asks = requests
sandbox-consent-title = Your nickname and avatar
sandbox-consent-text = The account will know who you are. Choose who answers:
sandbox-consent-allow = Allow
sandbox-consent-refuse = Refuse
sandbox-refused-title = Not authorised
sandbox-refused-text = WeChat tells nobody about a refusal: the program that asked goes on waiting until its time is up. Go back to answer otherwise.
sandbox-missing-title = Not here
sandbox-missing-text = The sandbox has no such page, person or form.
sandbox-foreign-title = Not from here
sandbox-foreign-text = This form was sent by a page that is not the sandbox’s own.
sandbox-link-title = WeChat cannot open this link
sandbox-link-title-number = Error { $code }
sandbox-link-10003 = The redirect_uri is not an address on the account’s authorised domain.
sandbox-link-10005 = The scope is neither snsapi_base nor snsapi_userinfo.
sandbox-link-10010 = The scope is empty.
sandbox-link-10011 = The redirect_uri is empty.
sandbox-link-10012 = The appid is empty.
sandbox-link-10013 = The state is empty.
sandbox-link-appid = The appid is not that of this sandbox’s account.
sandbox-link-order = The parameters must be appid, redirect_uri, response_type, scope, state, in this order.
sandbox-link-encoding = The redirect_uri must be percent-encoded, once.
sandbox-link-response-type = The response_type must be code.
sandbox-link-state = The state must be letters and digits, 128 at most.
sandbox-line-unknown = unknown to the sandbox
sandbox-listening =
    The WeChat sandbox is at { $url }
      app_id      { $app_id }
      app_secret  { $app_secret }

## store

## user
user-unknown = no user is named { $user }

## wechat
