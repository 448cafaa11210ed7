#!/usr/bin/env python3
"""wechatpy, a client of the real platform that is not ours, against `wxbox sandbox`.

    wechatpy_proof.py target/debug/wxbox

wechatpy is used as it is installed (requirements.txt): its requests for the platform's hosts are led to the
sandbox below it, where the connection is made, since it has the address of the token in its code. What it
raises must carry WeChat's codes; anything that is not as it should be fails.
"""

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
# Of our own reply to a path that it does not know; WeChat has no such text.

PROGRAM = ""


class ToSandbox(HTTPAdapter):
    """Sends what is meant for the platform to the sandbox, path and query untouched."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def send(self, request, **options):
        request.url = self.base + request.path_url
        return super().send(request, **options)


class Proof(unittest.TestCase):
    """Each test has a sandbox of its own."""

    def setUp(self):
        command = [PROGRAM, "sandbox", "--json", "--listen", "127.0.0.1:0"]
        self.sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(self.stop)
        said = json.loads(self.sandbox.stdout.readline())
        self.base, self.app_id, self.secret = said["url"], said["app_id"], said["app_secret"]
        # Its lines about requests are of no interest; with the pipe closed it does not wait for a reader.
        self.sandbox.stdout.close()
        self.phone = self.led(requests.Session())

    def stop(self):
        self.sandbox.terminate()
        self.sandbox.wait()

    def led(self, session):
        """The session, but that the platform's hosts are the sandbox."""
        session.trust_env = False
        for host in ("https://api.weixin.qq.com/", "https://open.weixin.qq.com/", self.base):
            session.mount(host, ToSandbox(self.base))
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
        """What the phone of that person brings back from the authorize page."""
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

    def raises(self, errcode, call, *args, kind=WeChatClientException, **options):
        """The call must be refused with that code, in wechatpy's own exception."""
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

    # Web authorisation

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
        self.phone.post(f"{self.base}/sandbox/settings", data={"strict_templates": "1"})
        client = self.client()
        alert = "server_alert-0123456789abcdefghijklmnopqrst"
        good = {"thing1": {"value": "磁盘快满了"}, "character_string2": {"value": "db1"}, "time3": {"value": "03:00"}}
        self.assertEqual(client.message.send_template(LUFFY, alert, good)["errcode"], 0)
        bad = {**good, "time3": {"value": "at night"}}
        self.raises(47003, client.message.send_template, LUFFY, alert, bad)

    def test_template_list(self):
        client = self.client()
        listed = client.template.get_all_private_template()["template_list"]
        fields = {"template_id", "title", "primary_industry", "deputy_industry", "content", "example"}
        self.assertEqual([set(it) for it in listed], [fields, fields])
        self.assertEqual(client.template.del_private_template(BACKUP)["errcode"], 0)
        self.raises(40037, client.template.del_private_template, BACKUP)
        self.raises(40037, client.template.add, "99999")
        self.raises(40247, client.template.add, "TM00001")
        # wechatpy is of the time before the category library: it names no keywords.
        self.raises(40246, client.template.add, "43216")
        more = {"template_id_short": "43216", "keyword_name_list": ["告警内容", "告警时间"]}
        added = client.post("template/api_add_template", data=more)["template_id"]
        listed = client.template.get_all_private_template()["template_list"]
        self.assertEqual(listed[-1]["template_id"], added)
        self.assertEqual(listed[-1]["content"], "告警内容:{{thing2.DATA}}\n告警时间:{{time3.DATA}}")

    # People and quota

    def test_users(self):
        client = self.client()
        page = client.user.get_followers()
        self.assertEqual((page["total"], page["count"], page["next_openid"]), (2, 2, NAMI))
        self.assertEqual(list(client.user.iter_followers()), [LUFFY, NAMI])
        person = client.user.get(LUFFY)
        self.assertEqual((person["subscribe"], person["openid"]), (1, LUFFY))
        self.assertNotIn("nickname", person)
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
