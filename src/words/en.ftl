### Every text that a person reads, in English. The id says where it is used: room, thing, part.
### Sections stand in alphabetical order of their rooms.

## bind (terminal)

## callback (pages on the phone)

## config

## delivery

## sandbox (pages and terminal)

## store

## user
user-unknown = no user is named { $user }

## wechat
