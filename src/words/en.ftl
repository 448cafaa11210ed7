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
callback-bound-title = Binding complete
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

## store

## user
user-unknown = no user is named { $user }

## wechat
