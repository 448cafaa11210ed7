//! The endpoints for the industries of the account, which sorted the old template library.
//!
//! developers.weixin.qq.com: doc/service/api/notify/template/{api_getindustry, api_setindustry}

use serde_json::{Value, json};

use crate::sandbox::call::{Call, parse_number};
use crate::sandbox::response::{ApiError, ApiResult, api_error, ok};
use crate::sandbox::state::Platform;
use crate::sandbox::state::industries::Industries;

/// The minimum time between two changes.
const CHANGE_COOLDOWN_MS: i64 = 30 * 86_400_000;

/// The industries, in the order of their numbers from 1.
const INDUSTRIES: [(&str, &str); 41] = [
    ("IT科技", "互联网|电子商务"),
    ("IT科技", "IT软件与服务"),
    ("IT科技", "IT硬件与设备"),
    ("IT科技", "电子技术"),
    ("IT科技", "通信与运营商"),
    ("IT科技", "网络游戏"),
    ("金融业", "银行"),
    ("金融业", "基金|理财|信托"),
    ("金融业", "保险"),
    ("餐饮", "餐饮"),
    ("酒店旅游", "酒店"),
    ("酒店旅游", "旅游"),
    ("运输与仓储", "快递"),
    ("运输与仓储", "物流"),
    ("运输与仓储", "仓储"),
    ("教育", "培训"),
    ("教育", "院校"),
    ("政府与公共事业", "学术科研"),
    ("政府与公共事业", "交警"),
    ("政府与公共事业", "博物馆"),
    ("政府与公共事业", "公共事业|非盈利机构"),
    ("医药护理", "医药医疗"),
    ("医药护理", "护理美容"),
    ("医药护理", "保健与卫生"),
    ("交通工具", "汽车相关"),
    ("交通工具", "摩托车相关"),
    ("交通工具", "火车相关"),
    ("交通工具", "飞机相关"),
    ("房地产", "建筑"),
    ("房地产", "物业"),
    ("消费品", "消费品"),
    ("商业服务", "法律"),
    ("商业服务", "会展"),
    ("商业服务", "中介服务"),
    ("商业服务", "认证"),
    ("商业服务", "审计"),
    ("文体娱乐", "传媒"),
    ("文体娱乐", "体育"),
    ("文体娱乐", "娱乐休闲"),
    ("印刷", "印刷"),
    ("其它", "其它"),
];

/// The industry of the sandbox's template library.
pub(super) const LIBRARY_INDUSTRY: &str = INDUSTRIES[0].0;

impl Platform {
    /// `GET /cgi-bin/template/get_industry`
    pub(in crate::sandbox) fn get_industries(&mut self, _: &mut Call<'_>) -> ApiResult {
        let [primary, secondary] = self.industries.chosen.map(|number| {
            let (first, second) = INDUSTRIES.get(number - 1).copied().unwrap_or_default();
            json!({"first_class": first, "second_class": second})
        });
        Ok(json!({"primary_industry": primary, "secondary_industry": secondary}))
    }

    /// `POST /cgi-bin/template/api_set_industry`: allowed once a month (43100).
    pub(in crate::sandbox) fn set_industries(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let chosen = [parse_industry(&body["industry_id1"])?, parse_industry(&body["industry_id2"])?];
        if self.industries.changed_ms.is_some_and(|at_ms| call.now_ms - at_ms < CHANGE_COOLDOWN_MS) {
            return Err(api_error(43100));
        }
        self.industries = Industries { chosen, changed_ms: Some(call.now_ms) };
        Ok(ok())
    }
}

/// Parses the number of an industry, written as a number or in digits: 40102.
fn parse_industry(value: &Value) -> Result<usize, ApiError> {
    parse_number(value).filter(|number| (1..=INDUSTRIES.len()).contains(number)).ok_or_else(|| api_error(40102))
}
