#!/usr/bin/env node
'use strict';
// Tests co-wechat-api, a third-party client of the real platform, with `wxbox sandbox`.
//
//     NODE_PATH=…/node_modules co_wechat_api_proof.js target/debug/wxbox
//
// The client is used unchanged (package-lock.json), except that its prefixes, which are public fields, name the sandbox.
// Its errors must carry WeChat's codes.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { after, before, beforeEach, test } = require('node:test');
const API = require('co-wechat-api');

const LUFFY = 'oLuffy_wears_the_straw_hat_1'; // follows, has written
const NAMI = 'oNami_draws_maps_of_the_sea1'; // follows, has not written
const ZORO = 'oZoro_cannot_find_the_way_22'; // does not follow
const NOBODY = 'oNobody_has_ever_had_this_id';
const BACKUP = 'backup_finished-0123456789abcdefghijklmnopq';
const REPORT = 'backup_report-0123456789abcdefghijklmnopqrs';
const ONE_TIME = 'one_time_message-0123456789abcdefghijklmnop';
// The smallest files of these types.
const PNG = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
const JPEG = Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0', 'latin1');
const MP4 = Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1');

const [program] = process.argv.slice(2);
if (!program) {
  console.error('usage: co_wechat_api_proof.js PROGRAM');
  process.exit(2);
}

let sandbox, base, api;

/** Returns a client with a token of its own. */
function client(secret) {
  const made = new API(sandbox.appId, secret || sandbox.secret);
  made.prefix = `${base}/cgi-bin/`;
  made.mpPrefix = `${base}/cgi-bin/`;
  return made;
}

/** Submits a form of the sandbox's page. */
async function act(form, fields) {
  const body = new URLSearchParams(fields);
  const answer = await fetch(`${base}/sandbox/${form}`, { method: 'POST', body, redirect: 'manual' });
  assert.strictEqual(answer.status, 303, form);
}

async function inbox() {
  return (await fetch(`${base}/sandbox/inbox.json`)).json();
}

/** Asserts that the call is refused with that code, in the client's own error. */
async function refused(code, call) {
  await assert.rejects(call, (error) => {
    assert.strictEqual(error.name, 'WeChatAPIError');
    assert.strictEqual(error.code, code, error.message);
    assert.match(error.message, /rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/);
    return true;
  });
}

/** Asserts that the message is accepted, is the last one in the inbox, and has that kind. */
async function arrives(kind, call) {
  await act('write', { person: 'luffy' });
  assert.strictEqual((await call()).errcode, 0);
  const last = (await inbox()).at(-1);
  assert.deepStrictEqual([last.openid, last.type], [LUFFY, kind]);
  return last;
}

before(async () => {
  const child = spawn(program, ['sandbox', '--json', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  const said = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`the sandbox ended: ${status}`)));
  });
  sandbox = { child, appId: said.app_id, secret: said.app_secret };
  base = said.url;
});

after(async () => {
  const ended = new Promise((resolve) => sandbox.child.once('exit', resolve));
  sandbox.child.kill();
  await ended;
});

beforeEach(async () => {
  await act('clear', {});
  await act('write', { person: 'luffy' });
  api = client();
});

test('token', async () => {
  const token = await api.getAccessToken();
  assert.ok(token.isValid() && token.accessToken.length > 100);
  assert.strictEqual((await api.ensureAccessToken()).accessToken, token.accessToken);
  await refused(40125, () => client('f'.repeat(32)).getAccessToken());
});

test('the client renews a token that is refused', async () => {
  const first = (await api.getAccessToken()).accessToken;
  await act('tokens', { revoke: '1' });
  assert.strictEqual((await api.getUser(LUFFY)).openid, LUFFY);
  assert.notStrictEqual((await api.ensureAccessToken()).accessToken, first);
  // The client also refreshes the token during a send, once.
  await act('tokens', { revoke: '1' });
  await api.sendText(LUFFY, 'again');
  assert.deepStrictEqual((await inbox()).map((it) => it.content), ['again']);
  // A client that may not refresh the token reports the error.
  const custom = new API(sandbox.appId, sandbox.secret, async () => ({ accessToken: first, expireTime: Date.now() + 60000 }), null, true);
  custom.prefix = `${base}/cgi-bin/`;
  await refused(40001, () => custom.getUser(LUFFY));
});

test('template messages', async () => {
  const data = { host: { value: '数据库1' }, size: { value: '42 GB', color: '#173177' } };
  const sent = await api.sendTemplate(LUFFY, BACKUP, 'https://example.com/', '#FF0000', data, { appid: '', pagepath: '' });
  const [message] = await inbox();
  assert.strictEqual(message.msgid, String(sent.msgid));
  assert.ok(BigInt(message.msgid) > 2n ** 53n);
  assert.deepStrictEqual([message.url, message.miniprogram], ['https://example.com/', null]);
  assert.deepStrictEqual(message.fields.slice(1, 3).map((it) => it.value), ['数据库1', '42 GB']);
  await refused(40037, () => api.sendTemplate(LUFFY, 'x'.repeat(43), '', '', data));
  await refused(40003, () => api.sendTemplate(NOBODY, BACKUP, '', '', data));
  await refused(43004, () => api.sendTemplate(ZORO, BACKUP, '', '', data));
  await refused(40166, () => api.sendTemplate(LUFFY, BACKUP, '', '', data, { appid: 'wx1', pagepath: 'a' }));
});

test('the list of templates, and industries', async () => {
  const listed = (await api.getAllPrivateTemplate()).template_list;
  assert.deepStrictEqual(listed.map((it) => it.template_id).includes(BACKUP), true);
  await refused(40247, () => api.addTemplate('TM00015'));
  await refused(40037, () => api.delPrivateTemplate('x'));
  assert.strictEqual((await api.setIndustry({ industry_id1: '1', industry_id2: '4' })).errcode, 0);
  const { primary_industry: first, secondary_industry: second } = await api.getIndustry();
  assert.strictEqual(first.second_class, '互联网|电子商务');
  assert.strictEqual(second.second_class, '电子技术');
  await refused(43100, () => api.setIndustry({ industry_id1: '1', industry_id2: '4' }));
});

test('subscription notifications', async () => {
  const data = { thing1: { value: '数据库' }, character_string2: { value: '42GB' }, time3: { value: '03:00' } };
  await act('grant', { person: 'luffy', template: REPORT, give: '1' });
  // The client's own call is for mini-programs; its `request` makes the call for official accounts.
  const { accessToken } = await api.ensureAccessToken();
  const url = `${api.prefix}message/subscribe/bizsend?access_token=${accessToken}`;
  const body = { touser: LUFFY, template_id: REPORT, page: 'https://example.com/', data };
  const sent = await api.request(url, { method: 'POST', data: JSON.stringify(body) });
  const [message] = await inbox();
  assert.deepStrictEqual([message.type, message.msgid], ['subscription', String(sent.msgid)]);
  await act('scene', { person: 'nami', scene: '7' });
  const content = { content: { value: '全部完成' } };
  const send = () => api.sendSubscribe(NAMI, ONE_TIME, '', { appid: '', pagepath: '' }, '7', '完成', content);
  assert.strictEqual((await send()).errcode, 0);
  await refused(43101, send);
});

test('texts', async () => {
  const text = '备份完成 🎉 <a href="https://example.com/?a=1&b=2">log</a>\n\\ end';
  assert.strictEqual((await arrives('text', () => api.sendText(LUFFY, text))).content, text);
  await refused(45015, () => api.sendText(NAMI, 'hello'));
  await refused(40003, () => api.sendText(NOBODY, 'hello'));
  await refused(44004, () => api.sendText(LUFFY, ''));
  await refused(45002, () => api.sendText(LUFFY, '长'.repeat(683)));
});

test('news with few fields', async () => {
  const whole = { title: 'News', description: 'of it', url: 'https://example.com/', picurl: 'https://example.com/1.png' };
  let got = await arrives('news', () => api.sendNews(LUFFY, [whole]));
  assert.deepStrictEqual([got.title, got.content, got.url], ['News', 'of it', 'https://example.com/']);
  got = await arrives('news', () => api.sendNews(LUFFY, [{ title: '标题', description: 'd', url: 'https://a.example/' }]));
  assert.strictEqual(got.url, 'https://a.example/');
  got = await arrives('news', () => api.sendNews(LUFFY, [{ title: '标题' }]));
  assert.deepStrictEqual([got.title, got.content, got.url], ['标题', null, null]);
  await refused(45008, () => api.sendNews(LUFFY, [whole, whole]));
});

test('files, up and down and in messages', async () => {
  const image = await api.uploadMedia(PNG, 'image', '图片.png', 'image/png');
  assert.deepStrictEqual([image.type, image.item], ['image', []]);
  assert.ok((await api.getMedia(image.media_id)).equals(PNG));
  const thumb = (await api.uploadMedia(JPEG, 'thumb', 'thumb.jpg', 'image/jpeg')).thumb_media_id;
  const film = (await api.uploadMedia(MP4, 'video', 'film.mp4', 'video/mp4')).media_id;
  const { video_url: url } = await api.getMedia(film);
  assert.ok(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(MP4));

  let got = await arrives('image', () => api.sendImage(LUFFY, image.media_id));
  assert.ok(Buffer.from(await (await fetch(base + got.files[0].path)).arrayBuffer()).equals(PNG));
  got = await arrives('video', () => api.sendVideo(LUFFY, film, thumb));
  assert.deepStrictEqual(got.files.map((it) => it.media_id), [film, thumb]);
  got = await arrives('video', () => api.sendVideo(LUFFY, film));
  assert.deepStrictEqual(got.files.map((it) => it.media_id), [film]);
  const page = { title: 'Shop', appid: 'wx0123456789abcdef', pagepath: 'pages/index', thumb_media_id: image.media_id };
  got = await arrives('miniprogrampage', () => api.sendMiniProgram(LUFFY, page));
  assert.strictEqual(got.miniprogram, 'wx0123456789abcdef:pages/index');

  const media = /^invalid media_id hint: \[\w+\] rid: /;
  await assert.rejects(() => api.getMedia('x'), (error) => error.code === 40007 && media.test(error.message));
  await refused(40007, () => api.sendImage(LUFFY, 'x'));
  await refused(40006, () => api.uploadMedia(Buffer.concat([JPEG, Buffer.alloc(64 << 10)]), 'thumb', 'a.jpg', 'image/jpeg'));
  await refused(40005, () => api.uploadMedia(PNG, 'image', 'a.jpg', 'image/jpeg'));
});

test('people', async () => {
  const person = await api.getUser(LUFFY);
  assert.deepStrictEqual([person.subscribe, person.nickname, person.headimgurl, person.sex], [1, '', '', 0]);
  const [luffy, zoro] = (await api.batchGetUsers([LUFFY, ZORO])).user_info_list;
  assert.deepStrictEqual([luffy.subscribe, zoro.subscribe], [1, 0]);
  const page = await api.getFollowers();
  assert.deepStrictEqual([page.total, page.data.openid, page.next_openid], [2, [LUFFY, NAMI], NAMI]);
  const end = await api.getFollowers(page.next_openid);
  assert.deepStrictEqual([end.count, end.next_openid], [0, '']);
  await refused(40003, () => api.getUser(NOBODY));
  assert.strictEqual((await api.updateRemark(LUFFY, '船长')).errcode, 0);
  assert.strictEqual((await api.getUser(LUFFY)).remark, '船长');
});

test('tags', async () => {
  const { tag } = await api.createTags('值班');
  await refused(45157, () => api.createTags('值班'));
  assert.strictEqual((await api.updateTag(tag.id, '运维')).errcode, 0);
  assert.strictEqual((await api.batchTagging([LUFFY, NAMI], tag.id)).errcode, 0);
  const listed = (await api.getTags()).tags.find((it) => it.id === tag.id);
  assert.deepStrictEqual([listed.name, listed.count], ['运维', 2]);
  assert.deepStrictEqual((await api.getUsersFromTag(tag.id)).data.openid, [LUFFY, NAMI]);
  assert.deepStrictEqual((await api.getIdList(LUFFY)).tagid_list, [tag.id]);
  assert.deepStrictEqual((await api.getUser(LUFFY)).tagid_list, [tag.id]);
  assert.strictEqual((await api.batchUnTagging([LUFFY, NAMI], tag.id)).errcode, 0);
  assert.deepStrictEqual((await api.getIdList(LUFFY)).tagid_list, []);
  assert.strictEqual((await api.deleteTag(tag.id)).errcode, 0);
  await refused(45159, () => api.deleteTag(tag.id));
  await refused(45058, () => api.deleteTag(2));
});

test('codes and their pictures', async () => {
  for (const made of [await api.createTmpQRCode('a scene', 600), await api.createTmpQRCode(7), await api.createLimitQRCode(7)]) {
    assert.match(made.ticket, /^gQ[A-Za-z0-9+/]+=+$/);
    // The caller of the client has to encode the ticket.
    const answer = await fetch(api.showQRCodeURL(encodeURIComponent(made.ticket)));
    assert.deepStrictEqual([answer.status, answer.headers.get('content-type')], [200, 'image/jpg']);
    const picture = Buffer.from(await answer.arrayBuffer());
    assert.ok(picture.subarray(0, 2).equals(JPEG.subarray(0, 2)));
    assert.strictEqual((await fetch(made.url)).status, 200);
  }
  assert.strictEqual((await fetch(api.showQRCodeURL('x'))).status, 404);
});

test('a ticket for pages', async () => {
  const ticket = await api.getTicket();
  assert.ok(ticket.isValid());
  assert.strictEqual((await api.getTicket()).ticket, ticket.ticket);
  await refused(40097, () => api.getTicket('x'));
});

test('addresses and quota', async () => {
  assert.deepStrictEqual((await api.getIp()).ip_list, ['127.0.0.1']);
  // The client has no calls for quota; its `request` makes them.
  const { accessToken } = await api.ensureAccessToken();
  const post = (path, body) => api.request(`${api.prefix}${path}`, { method: 'POST', data: body });
  const used = async () => {
    const body = JSON.stringify({ cgi_path: '/cgi-bin/message/custom/send' });
    return (await post(`openapi/quota/get?access_token=${accessToken}`, body)).quota;
  };
  const begun = (await used()).used;
  await refused(40003, () => api.sendText(NOBODY, 'hello'));
  await api.sendText(LUFFY, 'hello');
  const now = await used();
  assert.deepStrictEqual([now.used, now.remain], [begun + 2, now.daily_limit - begun - 2]);
  const form = new URLSearchParams({ appid: sandbox.appId, appsecret: sandbox.secret });
  assert.strictEqual((await post('clear_quota/v2', form.toString())).errcode, 0);
  assert.strictEqual((await used()).used, 0);
});
