#!/usr/bin/env python3
"""Tests wechatpy, a third-party client of the real platform, with `wxbox sandbox`.

    wechatpy_proof.py target/debug/wxbox

wechatpy is used unchanged (requirements.txt). The address of the token is in its code, so an HTTP adapter
redirects its requests for the platform's hosts to the sandbox. Its exceptions must carry WeChat's codes.
"""

import io
import json
import subprocess
import sys
import unittest
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

LUFFY = "oLuffy_wears_the_straw_hat_1"  # follows, has written
NAMI = "oNami_draws_maps_of_the_sea1"  # follows, has not written
ZORO = "oZoro_cannot_find_the_way_22"  # does not follow
NOBODY = "oNobody_has_ever_had_this_id"
BACKUP = "backup_finished-0123456789abcdefghijklmnopq"
CALLBACK = "http://203.0.113.7/callback/?from=wechatpy"
ALERT = "server_alert-0123456789abcdefghijklmnopqrst"
REPORT = "backup_report-0123456789abcdefghijklmnopqrs"
ONE_TIME = "one_time_message-0123456789abcdefghijklmnop"
# The smallest files of these types; the sandbox checks only their heads.
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
AMR = b"#!AMR\n" + (b"\x04" + bytes(12)) * 100
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"

PROGRAM = ""


class ToSandbox(HTTPAdapter):
    """Sends requests for the platform to the sandbox, with path and query unchanged."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def send(self, request, **options):
        request.url = self.base + request.path_url
        return super().send(request, **options)


class Proof(unittest.TestCase):
    """A test with a sandbox of its own."""

    def setUp(self):
        command = [PROGRAM, "sandbox", "--json", "--listen", "127.0.0.1:0"]
        self.sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(self.stop)
        said = json.loads(self.sandbox.stdout.readline())
        self.base, self.app_id, self.secret = said["url"], said["app_id"], said["app_secret"]
        # Its lines about requests are not read. With the pipe closed, it does not wait for a reader.
        self.sandbox.stdout.close()
        self.phone = self.led(requests.Session())

    def stop(self):
        self.sandbox.terminate()
        self.sandbox.wait()

    def led(self, session):
        """Returns the session with the sandbox in place of the platform's hosts."""
        session.trust_env = False
        for name in ("api", "open", "mp"):
            session.mount(f"https://{name}.weixin.qq.com/", ToSandbox(self.base))
        session.mount(self.base, ToSandbox(self.base))
        return session

    def client(self, app_id=None, secret=None, **options):
        client = WeChatClient(app_id or self.app_id, secret or self.secret, **options)
        self.led(client._http)
        return client

    def oauth(self, scope="snsapi_base", app_id=None, secret=None):
        oauth = WeChatOAuth(app_id or self.app_id, secret or self.secret, CALLBACK, scope, "state1")
        self.led(oauth._http)
        return oauth

    def code(self, oauth, person="luffy"):
        """Authorizes on the phone of that person, and returns the code."""
        link = oauth.authorize_url
        if oauth.scope == "snsapi_userinfo":
            page = self.phone.get(link)
            self.assertIn(person, page.text)
            form = f"{self.base}/sandbox/authorize?{urlsplit(link).query}"
            answer = self.phone.post(form, data={"person": person, "allow": "1"}, allow_redirects=False)
        else:
            answer = self.phone.get(link, allow_redirects=False)
        self.assertEqual(answer.status_code, 302, answer.text)
        target = urlsplit(answer.headers["Location"])
        self.assertEqual(f"{target.scheme}://{target.netloc}{target.path}", "http://203.0.113.7/callback/")
        query = parse_qs(target.query)
        self.assertEqual((query["from"], query["state"]), (["wechatpy"], ["state1"]))
        return query["code"][0]

    def inbox(self):
        return self.phone.get(f"{self.base}/sandbox/inbox.json").json()

    def act(self, form, **fields):
        """Submits a form of the sandbox's page."""
        answer = self.phone.post(f"{self.base}/sandbox/{form}", data=fields, allow_redirects=False)
        self.assertEqual(answer.status_code, 303, answer.text)

    def upload(self, client, kind, name, content):
        """Uploads a file with wechatpy, and returns the id, which has one of two names."""
        file = io.BytesIO(content)
        file.name = name
        given = client.media.upload(kind, file)
        self.assertEqual(given["type"], kind)
        return given.get("media_id") or given["thumb_media_id"]

    def arrives(self, kind, call, *args, **options):
        """Asserts that the message is accepted, is the last one in the inbox, and has that kind."""
        self.act("write", person="luffy")
        self.assertEqual(call(*args, **options)["errcode"], 0)
        last = self.inbox()[-1]
        self.assertEqual((last["openid"], last["type"]), (LUFFY, kind))
        return last

    def raises(self, errcode, call, *args, kind=WeChatClientException, **options):
        """Asserts that the call is refused with that code, in wechatpy's own exception."""
        with self.assertRaises(kind) as caught:
            call(*args, **options)
        self.assertEqual(caught.exception.errcode, errcode, caught.exception)
        self.assertIn("rid: ", caught.exception.errmsg)

    # The access token

    def test_token(self):
        client = self.client()
        given = client.fetch_access_token()
        self.assertEqual(given["expires_in"], 7200)
        self.assertEqual(client.access_token, given["access_token"])
        self.assertEqual(client.misc.get_wechat_ips(), ["127.0.0.1"])

    def test_a_wrong_app_id_is_40013(self):
        self.raises(40013, self.client(app_id="wx00000000000000ff").fetch_access_token)

    def test_a_wrong_secret_is_40125(self):
        self.raises(40125, self.client(secret="f" * 32).fetch_access_token)

    def test_an_invented_token_is_40001(self):
        client = self.client(access_token="invented", auto_retry=False)
        self.raises(40001, client.user.get_followers)
        self.raises(40001, client.message.send_text, LUFFY, "hello")

    def test_wechatpy_renews_a_token_that_is_refused(self):
        client = self.client(access_token="invented")
        self.assertEqual(client.user.get_followers()["total"], 2)
        self.assertNotEqual(client.access_token, "invented")

    # Web authorization

    def test_oauth_base(self):
        oauth = self.oauth()
        given = oauth.fetch_access_token(self.code(oauth))
        self.assertEqual((given["openid"], given["scope"], given["expires_in"]), (LUFFY, "snsapi_base", 7200))
        self.assertNotIn("is_snapshotuser", given)
        self.assertTrue(oauth.check_access_token())
        self.raises(40003, oauth.check_access_token, openid=NOBODY, kind=WeChatOAuthException)
        self.raises(48001, oauth.get_user_info, kind=WeChatOAuthException)

    def test_oauth_userinfo(self):
        oauth = self.oauth("snsapi_userinfo")
        self.assertEqual(oauth.fetch_access_token(self.code(oauth, "nami"))["openid"], NAMI)
        self.assertEqual(oauth.get_user_info()["nickname"], "nami")
        before = oauth.access_token
        self.assertEqual(oauth.refresh_access_token(oauth.refresh_token)["openid"], NAMI)
        self.assertNotEqual(oauth.access_token, before)
        self.assertEqual(oauth.get_user_info()["openid"], NAMI)
        self.raises(40001, oauth.get_user_info, access_token="invented", kind=WeChatOAuthException)

    def test_an_invented_code_is_40029(self):
        self.raises(40029, self.oauth().fetch_access_token, "invented", kind=WeChatOAuthException)

    def test_a_code_that_was_used_is_40163(self):
        oauth = self.oauth()
        code = self.code(oauth)
        oauth.fetch_access_token(code)
        self.raises(40163, oauth.fetch_access_token, code, kind=WeChatOAuthException)

    def test_oauth_with_wrong_credentials(self):
        code = self.code(self.oauth())
        wrong = self.oauth(app_id="wx00000000000000ff")
        self.raises(40013, wrong.fetch_access_token, code, kind=WeChatOAuthException)
        wrong = self.oauth(secret="f" * 32)
        self.raises(40125, wrong.fetch_access_token, code, kind=WeChatOAuthException)

    # Messages

    def test_text(self):
        client = self.client()
        text = "备份完成 🎉 <a href=\"https://example.com/?a=1&b=2\">log</a>\n\\ end"
        self.assertEqual(client.message.send_text(LUFFY, text)["errcode"], 0)
        self.assertEqual([(it["openid"], it["content"]) for it in self.inbox()], [(LUFFY, text)])
        self.raises(40003, client.message.send_text, NOBODY, "hello")
        self.raises(45015, client.message.send_text, NAMI, "hello")
        self.raises(44004, client.message.send_text, LUFFY, "")
        self.raises(45002, client.message.send_text, LUFFY, "长" * 683)
        for _ in range(4):
            client.message.send_text(LUFFY, "hello")
        self.raises(45047, client.message.send_text, LUFFY, "hello")

    def test_template(self):
        client = self.client()
        data = {"host": {"value": "数据库1"}, "size": {"value": "42 GB", "color": "#173177"}}
        sent = client.message.send_template(LUFFY, BACKUP, data, url="https://example.com/")
        self.assertGreater(sent["msgid"], 2**53)
        self.assertEqual(str(sent["msgid"]), self.inbox()[0]["msgid"])
        shown = {field["key"]: field["shown"] for field in self.inbox()[0]["fields"]}
        self.assertEqual((shown["host"], shown["size"]), ("数据库1", "42 GB"))
        self.raises(40037, client.message.send_template, LUFFY, "x" * 43, data)
        self.raises(40003, client.message.send_template, NOBODY, BACKUP, data)
        self.raises(43004, client.message.send_template, ZORO, BACKUP, data)
        mini = {"appid": "nothing", "pagepath": "index"}
        self.raises(40166, client.message.send_template, LUFFY, BACKUP, data, mini_program=mini)

    def test_a_real_account_checks_typed_fields(self):
        self.act("settings", strict_templates="1")
        client = self.client()
        good = {"thing1": {"value": "磁盘快满了"}, "character_string2": {"value": "db1"}, "time3": {"value": "03:00"}}
        self.assertEqual(client.message.send_template(LUFFY, ALERT, good)["errcode"], 0)
        bad = {**good, "time3": {"value": "at night"}}
        self.raises(47003, client.message.send_template, LUFFY, ALERT, bad)

    def test_template_list(self):
        client = self.client()
        listed = client.template.get_all_private_template()["template_list"]
        fields = {"template_id", "title", "primary_industry", "deputy_industry", "content", "example"}
        self.assertEqual([set(it) for it in listed], [fields, fields])
        self.assertEqual(client.template.del_private_template(BACKUP)["errcode"], 0)
        self.raises(40037, client.template.del_private_template, BACKUP)
        self.raises(40037, client.template.add, "99999")
        self.raises(40247, client.template.add, "TM00001")
        # wechatpy predates the category library, so it names no keywords.
        self.raises(40246, client.template.add, "43216")
        more = {"template_id_short": "43216", "keyword_name_list": ["告警内容", "告警时间"]}
        added = client.post("template/api_add_template", data=more)["template_id"]
        listed = client.template.get_all_private_template()["template_list"]
        self.assertEqual(listed[-1]["template_id"], added)
        self.assertEqual(listed[-1]["content"], "告警内容:{{thing2.DATA}}\n告警时间:{{time3.DATA}}")

    # Media, and the kinds of messages that contain media

    def test_media(self):
        client = self.client()
        for kind, name, content, served in (
            ("image", "picture.png", PNG, "image/png"),
            ("image", "picture.jpg", JPEG, "image/jpeg"),
            ("voice", "voice.amr", AMR, "audio/amr"),
            ("thumb", "thumb.jpg", JPEG, "image/jpeg"),
        ):
            media_id = self.upload(client, kind, name, content)
            answer = client.media.download(media_id)
            self.assertEqual((answer.content, answer.headers["Content-Type"]), (content, served))
            self.assertEqual(self.phone.get(client.media.get_url(media_id)).content, content)
        media_id = self.upload(client, "video", "film.mp4", MP4)
        self.assertEqual(self.phone.get(client.media.download(media_id)["video_url"]).content, MP4)
        large = PNG + bytes((10 << 20) - len(PNG))
        media_id = self.upload(client, "image", "large.png", large)
        self.assertEqual(len(client.media.download(media_id).content), 10 << 20)

    def test_media_that_is_refused(self):
        client = self.client()
        for errcode, kind, name, content in (
            (40004, "file", "a.png", PNG),
            (40005, "image", "a.amr", AMR),
            (40005, "image", "a.png", JPEG),
            (40005, "image", "a", PNG),
            (40006, "image", "a.png", PNG + bytes(10 << 20)),
            (40006, "voice", "a.amr", AMR + bytes(2 << 20)),
            (40006, "video", "a.mp4", MP4 + bytes(10 << 20)),
            (40006, "thumb", "a.jpg", JPEG + bytes(64 << 10)),
            (44001, "image", "a.png", b""),
            (45007, "voice", "a.amr", AMR * 31),
        ):
            self.raises(errcode, self.upload, client, kind, name, content)
        self.raises(41005, client.post, "media/upload", params={"type": "image"}, data={"media": "text"})
        self.raises(40007, client.media.download, "x")
        media_id = self.upload(client, "image", "a.png", PNG)
        self.act("clock", forward="72h")
        self.raises(40007, client.media.download, media_id)
        self.raises(40007, client.message.send_image, LUFFY, media_id)

    def test_messages_with_media(self):
        client = self.client()
        image = self.upload(client, "image", "picture.png", PNG)
        voice = self.upload(client, "voice", "voice.amr", AMR)
        video = self.upload(client, "video", "film.mp4", MP4)
        thumb = self.upload(client, "thumb", "thumb.jpg", JPEG)
        send = client.message
        got = self.arrives("image", send.send_image, LUFFY, image, account="robin@wxbox")
        self.assertEqual((got["body"], got["kf_account"]), ({"media_id": image}, "robin@wxbox"))
        self.assertEqual(self.phone.get(self.base + got["files"][0]["path"]).content, PNG)
        got = self.arrives("voice", send.send_voice, LUFFY, voice)
        self.assertEqual(got["files"][0]["seconds"], 2)
        # wechatpy names no picture, because it predates that field.
        got = self.arrives("video", send.send_video, LUFFY, video, "Film")
        self.assertEqual([it["media_id"] for it in got["files"]], [video])
        film = {"media_id": video, "thumb_media_id": thumb, "title": "Film", "description": "of the sea"}
        film = {"touser": LUFFY, "msgtype": "video", "video": film}
        got = self.arrives("video", client.post, "message/custom/send", data=film)
        self.assertEqual([it["media_id"] for it in got["files"]], [video, thumb])
        song = ("https://example.com/low.mp3", "https://example.com/high.mp3", thumb, "Song", "of the sea")
        got = self.arrives("music", send.send_music, LUFFY, *song)
        self.assertEqual(got["body"]["hqmusicurl"], song[1])
        page = {"title": "Shop", "appid": "wx0123456789abcdef", "pagepath": "pages/index", "thumb_media_id": thumb}
        got = self.arrives("miniprogrampage", send.send_mini_program_page, LUFFY, page)
        self.assertEqual(got["body"], page)
        self.raises(40007, send.send_image, LUFFY, thumb)
        self.raises(40007, send.send_voice, LUFFY, "x")
        # The picture of this card may be uploaded as either.
        got = self.arrives("miniprogrampage", send.send_mini_program_page, LUFFY, {**page, "thumb_media_id": image})
        self.assertEqual(got["files"][0]["media_id"], image)
        self.raises(40007, send.send_mini_program_page, LUFFY, {**page, "thumb_media_id": voice})
        self.raises(61452, send.send_image, LUFFY, image, account="nobody@wxbox")

    def test_articles_cards_and_menus(self):
        client = self.client()
        send = client.message
        article = {"title": "News", "description": "of it", "url": "https://example.com/", "image": "https://example.com/1.png"}
        got = self.arrives("news", send.send_articles, LUFFY, [article])
        self.assertEqual(got["body"]["articles"][0]["picurl"], article["image"])
        self.raises(45008, send.send_articles, LUFFY, [article, article])
        media_id = "article_media_about_the_sea_0123456789abcdefghijklmnopqrstuvwxyz"
        got = self.arrives("mpnews", send.send_articles, LUFFY, media_id)
        title = got["title"]
        self.raises(40007, send.send_articles, LUFFY, "x")
        published = {"touser": LUFFY, "msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "article_about_the_sea"}}
        got = self.arrives("mpnewsarticle", client.post, "message/custom/send", data=published)
        self.assertEqual(got["title"], title)
        got = self.arrives("wxcard", send.send_card, LUFFY, "card_for_one_meal_0123456789")
        self.assertEqual(got["title"], "One free meal")
        self.raises(61451, send.send_card, LUFFY, "x")
        menu = {"head_content": "Well?", "list": [{"id": "1", "content": "Good"}], "tail_content": "Thanks"}
        self.raises(40200, send.send_msg_menu, LUFFY, menu)
        self.act("settings", verified="1")
        got = self.arrives("msgmenu", send.send_msg_menu, LUFFY, menu)
        self.assertEqual(got["body"], menu)
        # A kind that only mini-programs can send.
        self.raises(40008, send.send_link, LUFFY, article)

    def test_typing(self):
        client = self.client()
        command = {"touser": LUFFY, "command": "Typing"}
        self.raises(40200, client.post, "message/custom/typing", data=command)
        self.act("settings", verified="1")
        self.assertEqual(client.post("message/custom/typing", data=command)["errcode"], 0)
        self.raises(45081, client.post, "message/custom/typing", data=command)
        self.raises(45080, client.post, "message/custom/typing", data={**command, "touser": NAMI})
        self.raises(45072, client.post, "message/custom/typing", data={**command, "command": "x"})

    # Subscriptions

    def test_subscription_notification(self):
        client = self.client()
        listed = client.get("https://api.weixin.qq.com/wxaapi/newtmpl/gettemplate")["data"]
        self.assertEqual([(it["priTmplId"], it["type"]) for it in listed][0], (REPORT, 2))
        data = {"thing1": {"value": "数据库"}, "character_string2": {"value": "42GB"}, "time3": {"value": "03:00"}}
        send = client.message.send_subscribe_message
        got = self.arrives("subscription", send, LUFFY, REPORT, data, page="https://example.com/")
        self.assertEqual([it["value"] for it in got["fields"]], ["数据库", "42GB", "03:00"])
        self.raises(43101, send, LUFFY, REPORT, data)
        self.act("grant", person="luffy", template=REPORT, give="1")
        self.raises(47003, send, LUFFY, REPORT, {**data, "time3": {"value": "at night"}})
        self.raises(40037, send, LUFFY, BACKUP, data)
        self.raises(41030, send, LUFFY, REPORT, data, page="index")
        self.raises(40166, send, LUFFY, REPORT, data, miniprogram={"appid": "nothing", "pagepath": "index"})
        self.assertEqual(send(LUFFY, REPORT, data)["errcode"], 0)

    def test_one_time_subscription(self):
        client = self.client()
        content = {"content": {"value": "All of it", "color": "#173177"}}
        send = client.message.send_subscribe_template
        self.raises(43101, send, NAMI, ONE_TIME, "7", "It is done", content)
        link = client.message.get_subscribe_authorize_url("7", ONE_TIME, CALLBACK, reserved="state1")
        self.assertIn("nami", self.phone.get(link).text)
        form = f"{self.base}/sandbox/subscribe?{urlsplit(link).query}"
        answer = self.phone.post(form, data={"person": "nami", "allow": "1"}, allow_redirects=False)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        self.assertEqual(query, {"from": ["wechatpy"], "openid": [NAMI], "template_id": [ONE_TIME],
                                 "action": ["confirm"], "scene": ["7"], "reserved": ["state1"]})
        self.assertEqual(send(NAMI, ONE_TIME, "7", "It is done", content, url="https://example.com/")["errcode"], 0)
        got = self.inbox()[-1]
        self.assertEqual((got["type"], got["openid"], got["scene"]), ("one_time", NAMI, 7))
        self.assertEqual((got["title"], got["content"]), ("It is done", "All of it"))
        self.raises(43101, send, NAMI, ONE_TIME, "7", "It is done", content)
        self.raises(45003, send, NAMI, ONE_TIME, "7", "长" * 16, content)

    # People and quota

    def test_users(self):
        client = self.client()
        page = client.user.get_followers()
        self.assertEqual((page["total"], page["count"], page["next_openid"]), (2, 2, NAMI))
        self.assertEqual(list(client.user.iter_followers()), [LUFFY, NAMI])
        person = client.user.get(LUFFY)
        self.assertEqual((person["subscribe"], person["openid"]), (1, LUFFY))
        self.assertEqual((person["nickname"], person["headimgurl"]), ("", ""))
        self.assertEqual(client.user.get(ZORO)["subscribe"], 0)
        self.raises(40003, client.user.get, NOBODY)

    def test_users_by_the_hundred(self):
        client = self.client()
        people = client.user.get_batch([LUFFY, ZORO])
        self.assertEqual([(it["openid"], it["subscribe"]) for it in people], [(LUFFY, 1), (ZORO, 0)])
        self.raises(40003, client.user.get_batch, [LUFFY, NOBODY])
        self.raises(40032, client.user.get_batch, [LUFFY] * 101)

    def test_remark(self):
        client = self.client()
        client.user.update_remark(LUFFY, "船长")
        self.assertEqual(client.user.get(LUFFY)["remark"], "船长")
        self.raises(40003, client.user.update_remark, NOBODY, "x")

    def test_quota(self):
        client = self.client()
        path = {"cgi_path": "/cgi-bin/message/custom/send"}
        before = client.post("openapi/quota/get", data=path)["quota"]
        client.message.send_text(LUFFY, "hello")
        after = client.post("openapi/quota/get", data=path)["quota"]
        self.assertEqual(after["used"], before["used"] + 1)
        self.assertEqual(after["remain"], after["daily_limit"] - after["used"])
        self.raises(76021, client.post, "openapi/quota/get", data={"cgi_path": "/cgi-bin/nothing"})

    def test_clearing_the_quota(self):
        client = self.client()
        client.message.send_text(LUFFY, "hello")
        client.post("clear_quota", data={"appid": self.app_id})
        path = {"cgi_path": "/cgi-bin/message/custom/send"}
        self.assertEqual(client.post("openapi/quota/get", data=path)["quota"]["used"], 0)
        self.raises(40013, client.post, "clear_quota", data={"appid": "wx00000000000000ff"})


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: wechatpy_proof.py PROGRAM [TEST…]")
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
