//! Vectors that eight other libraries agree on (tests/fixtures/push_vectors.json).

use serde_json::{Map, Value};

use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/push_vectors.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Returns the settings of the account that a vector is for.
fn settings(accounts: &Value, vector: &Value) -> PushSettings {
    let account = &accounts[text(&vector["account"])];
    let key = AesKey::decode(&text(&account["encoding_aes_key"]).into()).unwrap();
    PushSettings {
        app_id: text(&account["appid"]).to_owned(),
        token: text(&account["token"]).into(),
        aes_keys: if vector["mode"] == "plain" { Vec::new() } else { vec![key] },
    }
}

fn query(vector: &Value) -> PushQuery {
    let pairs = vector["query"].as_object().unwrap().iter().map(|(name, value)| (name, text(value)));
    PushQuery::parse(&url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

/// Opens a vector at the time that it was signed.
fn open(settings: &PushSettings, vector: &Value) -> Result<Map<String, Value>, PushError> {
    let seconds: i64 = vector["query"]["timestamp"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    let body = vector["body"].as_str().unwrap_or_default().as_bytes();
    settings.open(&query(vector), body, Timestamp(seconds * 1000)).map(|message| message.fields)
}

#[test]
fn vectors_are_accepted_and_rejected_as_other_libraries_do() {
    let all = vectors();
    let (mut accepted, mut rejected) = (0, 0);
    for vector in all["vectors"].as_array().unwrap() {
        let id = text(&vector["id"]);
        let settings = settings(&all["accounts"], vector);
        let expect = &vector["expect"];
        match (text(&vector["mode"]), expect["accept"].as_bool()) {
            ("verify", Some(accept)) => {
                let expected = if accept { Ok(text(&expect["answer"])) } else { Err(PushError::WrongSignature) };
                assert_eq!(settings.verify_url(&query(vector)), expected, "{id}");
            }
            ("reply", _) => {
                let [random, plain] = ["random", "plain"].map(|name| text(&vector[name]));
                let [timestamp, nonce] = ["timestamp", "nonce"].map(|name| text(&vector["query"][name]));
                let reply = settings.seal_reply(plain, timestamp, nonce, random.as_bytes().try_into().unwrap());
                assert_eq!(xml::parse(&reply), xml::parse(text(&vector["body"])), "{id}: {reply}");
            }
            (_, Some(true)) => {
                assert_eq!(open(&settings, vector), Ok(expect["fields"].as_object().unwrap().clone()), "{id}");
                accepted += 1;
            }
            (_, Some(false)) => {
                let error = open(&settings, vector).unwrap_err();
                let expected: &[PushError] = match text(&expect["reason"]) {
                    "signature" => &[PushError::WrongSignature],
                    "appid" => &[PushError::OtherAccount],
                    "body" => &[PushError::Malformed, PushError::NotEncrypted],
                    "padding" | "length" | "base64" | "decryption" => &[PushError::Undecryptable],
                    reason => panic!("{reason}"),
                };
                assert!(expected.contains(&error), "{id}: {error:?}");
                rejected += 1;
            }
            (_, None) => drop(open(&settings, vector)),
        }
    }
    assert!(accepted > 80 && rejected > 30, "{accepted} {rejected}");
}

#[test]
fn previous_key_is_accepted_during_rotation() {
    let all = vectors();
    let vector = all["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == "neg/other-key").unwrap();
    let mut settings = settings(&all["accounts"], vector);
    assert_eq!(open(&settings, vector), Err(PushError::Undecryptable));
    settings.aes_keys.push(AesKey::decode(&text(&vector["other_key"]).into()).unwrap());
    assert!(open(&settings, vector).is_ok());
}

#[test]
fn keys_have_43_characters_of_base64() {
    for (key, is_valid) in [
        ("A".repeat(43), true),
        ("A".repeat(42), false),
        (format!("{}=", "A".repeat(43)), false),
        (format!("{}-", "A".repeat(42)), false),
    ] {
        assert_eq!(AesKey::decode(&key.as_str().into()).is_some(), is_valid, "{key}");
    }
}

#[test]
fn plain_pushes_are_accepted_for_ten_minutes() {
    let all = vectors();
    let vector = all["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == "text/plain").unwrap();
    let settings = settings(&all["accounts"], vector);
    let sent_at: i64 = text(&vector["query"]["timestamp"]).parse().unwrap();
    for (age, expected) in
        [(0, None), (600, None), (-600, None), (601, Some(PushError::Stale)), (-601, Some(PushError::Stale))]
    {
        let now = Timestamp((sent_at + age) * 1000);
        let opened = settings.open(&query(vector), text(&vector["body"]).as_bytes(), now);
        assert_eq!(opened.err(), expected, "{age}");
    }
}

/// Opens the vector with this ID at the time that it was signed.
fn message(id: &str) -> PushMessage {
    let all = vectors();
    let vector = all["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap();
    let seconds: i64 = text(&vector["query"]["timestamp"]).parse().unwrap();
    let body = text(&vector["body"]).as_bytes();
    settings(&all["accounts"], vector).open(&query(vector), body, Timestamp(seconds * 1000)).unwrap()
}

#[test]
fn events_are_recognized() {
    let receipt = |msgid: &str, status, text: Option<&str>| {
        PushEvent::Receipts(vec![PushReceipt { msgid: msgid.into(), status, text: text.map(str::to_owned) }])
    };
    for (id, expected) in [
        ("text", PushEvent::Wrote),
        ("image", PushEvent::Wrote),
        ("click", PushEvent::Wrote),
        ("view", PushEvent::Other),
        ("location-event", PushEvent::Other),
        ("unknown-event", PushEvent::Other),
        ("subscribe", PushEvent::Followed { scene: None }),
        ("subscribe-no-key", PushEvent::Followed { scene: None }),
        ("subscribe-qrscene-number", PushEvent::Followed { scene: Some("123123".into()) }),
        ("subscribe-qrscene-prefix-twice", PushEvent::Followed { scene: Some("qrscene_x".into()) }),
        ("scan-text", PushEvent::Scanned { scene: "bind:luffy_7f3a".into() }),
        ("unsubscribe", PushEvent::Unfollowed),
        ("template-success", receipt("3400000000000000001", ReceiptStatus::Delivered, None)),
        (
            "template-user-block-spaced",
            receipt("3400000000000000003", ReceiptStatus::Blocked, Some("failed: user block")),
        ),
        (
            "template-system-failed-tight",
            receipt("3400000000000000005", ReceiptStatus::Failed, Some("failed:system failed")),
        ),
        ("subscribe-sent-success", receipt("3400000000000000011", ReceiptStatus::Delivered, None)),
        ("subscribe-sent-failed", receipt("3400000000000000012", ReceiptStatus::Blocked, Some("user refuse"))),
        ("authorization-revoke", PushEvent::NicknameRevoked),
        ("authorization-cancellation", PushEvent::AuthorizationCancelled),
    ] {
        for mode in ["safe", "plain"] {
            let message = message(&format!("{id}/{mode}"));
            assert_eq!(message.event, expected, "{id}/{mode}");
            assert_eq!(message.openid, "oFid_vector_person_one_00001", "{id}/{mode}");
        }
    }
}

#[test]
fn repeats_have_the_same_key() {
    let keys = ["text/safe", "text/plain", "text/compatible"].map(|id| message(id).dedupe_key());
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_ne!(keys[0], message("text-multiline/safe").dedupe_key());
    assert_ne!(message("authorization-revoke/safe").dedupe_key(), message("info-modified/safe").dedupe_key());
}

#[test]
fn trusted_push_needs_no_signature_but_the_account() {
    let all = vectors();
    let find = |id: &str| all["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap();
    let open = |id: &str| {
        let vector = find(id);
        settings(&all["accounts"], vector).open_trusted(text(&vector["body"]).as_bytes()).map(|message| message.event)
    };
    assert_eq!(open("text/safe"), Ok(PushEvent::Wrote));
    assert_eq!(open("text/plain"), Ok(PushEvent::Wrote));
    assert_eq!(open("neg/wrong-msg-signature"), Ok(PushEvent::Wrote));
    assert_eq!(open("neg/wrong-appid"), Err(PushError::OtherAccount));
    assert_eq!(open("neg/doctype-file"), Err(PushError::Malformed));
    let mut keyless = settings(&all["accounts"], find("text/safe"));
    keyless.aes_keys.clear();
    let body = text(&find("text/safe")["body"]).as_bytes();
    assert_eq!(keyless.open_trusted(body).err(), Some(PushError::Encrypted));
    assert_eq!(keyless.open_trusted(&vec![b' '; MAX_PUSH_BYTES + 1]).err(), Some(PushError::TooLarge));
}

#[test]
fn own_check_of_the_url_is_signed_as_wechat_signs_it() {
    let settings = PushSettings { app_id: String::new(), token: "AAAAA".to_owned().into(), aes_keys: Vec::new() };
    // The vector of WeChat's page.
    let query = settings.url_check_query(1_714_036_504, "1514711492", "4375120948345356249");
    assert!(query.contains("signature=f464b24fc39322e44b38aa78f5edd27bd1441696&"), "{query}");
    assert_eq!(settings.verify_url(&PushQuery::parse(&query)), Ok("4375120948345356249"));
}

#[test]
fn receipts_of_one_second_are_no_repeats() {
    let key = |msgid: &str| {
        let body = format!(
            "<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>\
             <Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List><MsgID>{msgid}</MsgID>\
             <ErrorCode>0</ErrorCode></List></SubscribeMsgSentEvent></xml>"
        );
        let settings = PushSettings { app_id: "wx1".into(), token: "token".into(), aes_keys: Vec::new() };
        settings.open_trusted(body.as_bytes()).unwrap().dedupe_key()
    };
    assert_eq!(key("1"), key("1"));
    assert_ne!(key("1"), key("2"));
}
