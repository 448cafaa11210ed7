### Every text that a person reads, in English. The id says where it is used: room, thing, part.
### Sections stand in alphabetical order of their rooms.

## bind (terminal)

## callback (pages on the phone)
callback-account-title = Binding failed
callback-account-why = WeChat refused this Official Account's settings, so your authorization could not be checked.
callback-again-todo = Scan the QR code or open the link again in WeChat, and authorize once more.
callback-bad-code-title = Invalid authorization
callback-bad-code-why = This is not an authorization that WeChat issued.
callback-bound-nickname = WeChat name
callback-bound-title = Bound
callback-bound-todo = You can close this page now.
callback-bound-user = User
callback-bound-why = This WeChat account will receive the messages sent to:
callback-log-bad-code = a code that cannot be WeChat's
callback-log-method = not a GET request
callback-log-no-code = the right state without a code (a link checker, perhaps)
callback-log-path = another path
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
callback-snapshot-todo = Tap “Use full service” at the bottom of the page, then scan the QR code again.
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
