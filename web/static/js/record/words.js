// What members and values of statements are called, in Chinese and in English, with their units.
//
// Each is told once, and again where it means something else: `member` or `type/member`, `value` or `member.value`. A test
// holds that every member and every word of every schema is here in both languages.

/** @typedef {[en: string, zh: string]} Told */

/** @type {Record<string, Told>} */
const MEMBERS = {
  // of every statement
  v: ["Format version", "格式版本"], aud: ["Log", "日志"], nonce: ["Random number", "随机数"], type: ["Step", "步骤"],
  sub: ["About", "对象"], seq: ["Place in its chain", "链中序号"], prev: ["Record before it", "前一条记录"], iss: ["Signed by", "签署方"],
  occurred_at: ["When", "发生时间"], data: ["Content", "内容"],
  // batteries
  agreed: ["Consent of the other party", "对方同意的记录"], approvals: ["Approvals", "会签"], arrived: ["Arrived", "到货数"],
  assay: ["Assay", "化验结果"], basis: ["Basis", "依据"], "mass/basis": ["Known by", "数据来源"], batch: ["Batch", "处理批次"],
  battery: ["Battery", "电池"], "identity.linked/battery": ["The same battery's other code", "同一电池的另一编码"], bytes: ["Size", "大小"],
  capacity: ["Acting as", "身份"], "handover.offered/capacity": ["To be taken over as", "接收方身份"],
  "custody.assigned/capacity": ["To hold it as", "保管身份"], capacity_mah: ["Capacity", "容量"],
  carbon_footprint_g_per_kwh: ["Carbon footprint", "碳足迹"], carrier: ["Carrier", "承运人"], category: ["Category", "类别"],
  cells: ["Cells", "单体数"], checkpoint: ["Checkpoint", "检查点"], chemistry: ["Chemistry", "化学体系"], children: ["What came out, with codes", "拆出的有编码件"],
  clears_damage: ["The damage is cleared: it may be used again", "损伤已排除，可再使用"], components: ["Components", "组成件"],
  components_list: ["List of components kept elsewhere", "另存的组成件清单"], composition: ["Composition", "材料组成"],
  compromised_since: ["Not to be trusted since", "失密起始时间"], condition: ["Condition", "状况"], conflicts_with: ["Another battery has the same code", "编码与另一电池相同"],
  consignee: ["To whom", "接收方"], "safety_check/consignee": ["Checked for the consignee by", "接收方检查人"], consignment: ["Consignment", "运单"],
  consignor: ["Checked for the consignor by", "交付方检查人"], count: ["Number", "数量"], customs_number: ["Customs number", "海关编号"],
  destination: ["Destination", "目的地"], destination_region: ["To which region", "目的地区"], dismantled: ["Dismantling that it came from", "来源拆解记录"],
  documents: ["Documents", "文件"], driver: ["Driver", "司机"], energy_wh: ["Energy", "电量"], event: ["Record that is meant", "所指记录"],
  evidence: ["Photos and documents", "照片与单据"], expires_at: ["Offer stands until", "要约有效期至"], g: ["Mass", "质量"], grade: ["Grade", "等级"],
  hashes: ["Proof", "证明"], hazards: ["Hazards", "危险性"], hold: ["Hold that ends", "所解除的查封"], holder: ["Who holds it", "保管方"],
  index: ["Line", "行号"], inputs: ["What went in", "投入"], installed: ["Its installation", "装车记录"], intended_use: ["Intended use", "用途"],
  into: ["Into", "并入"], "lot.split/into": ["Shares", "拆分份额"], kind: ["Kind", "种类"], label: ["Label", "标签"], laboratory: ["Laboratory", "实验室"],
  leader: ["First record of the group", "本组首条记录"], level: ["Level", "层级"], line: ["Line", "行号"], linked: ["Link to the other code", "关联记录"],
  listed: ["Proof that it is on the list", "在清单内的证明"], lot: ["Lot", "物料批次"], lots: ["Lots", "物料批次"], losses: ["Losses", "损失"],
  mass: ["Mass", "质量"], mass_g: ["Mass", "质量"], media_type: ["File type", "文件类型"], missing: ["Missing", "缺少"], model: ["Model", "型号"],
  not_measured: ["Not measured", "未测量"], note: ["Note", "备注"], number: ["Number", "编号"], of: ["Packs in the vehicle", "整车电池包数"],
  offer: ["Offer", "移交要约"], offers: ["Offers", "移交要约"], opened: ["The pack was opened", "已开包"], operation: ["What was done to it", "处理方式"],
  outcome: ["Outcome", "结果"], outputs: ["What came out", "产出"], packing: ["Packing", "包装"], packs: ["Packs in the vehicle", "整车电池包数"],
  parent: ["In which it was", "所属电池"], party: ["Party", "主体"], passed: ["Check passed: every answer is no", "检查通过（各项均为否）"],
  plate: ["Number plate", "车牌号"], position: ["Position in the vehicle", "装车位置"], predecessor: ["Its chain in another log", "另一日志中的链"],
  present: ["In the vehicle", "车内电池"], process: ["Process", "工艺"], product: ["Product", "产品"], protection: ["Protection in transport", "运输防护"],
  put_in: ["Parts put in", "装入的部件"], read_by: ["Label read by", "标签读取方式"], reason: ["Reason", "原因"], recycled: ["Recycled content", "再生料含量"],
  region: ["Region", "地区"], removed: ["Its removal", "拆下记录"], residues: ["What came out, without codes", "拆出的无编码物料"], root: ["Root hash", "根哈希"],
  safety_check: ["Safety check", "安全检查"], scale_g: ["Smallest step of the scale", "衡器分度值"], seal_intact: ["Seal intact", "封签完好"],
  set: ["Right values", "更正值"], sha256: ["Digest", "摘要"], site: ["Site", "场所"], soh_permille: ["State of health", "健康状态"],
  sources: ["Made from", "来源记录"], split: ["Split that it came from", "来源拆分记录"], stage: ["Where it is", "所处阶段"], swap_model: ["Swap model", "换电车型"],
  to: ["Agreed to", "同意事项"], token: ["Secret of the label", "标签密码"], took_out: ["Parts taken out", "取出的部件"], treated: ["What was done about it", "处理措施"],
  un_number: ["UN number", "联合国编号"], uncoded_in: ["Put in, without codes", "装入的无编码件"], uncoded_out: ["Taken out, without codes", "取出的无编码件"],
  unexpected: ["Unexpected", "意外到货"], until: ["Until", "截止"], vehicle: ["Vehicle", "车辆"], vin: ["VIN", "车架号"], voltage_mv: ["Voltage", "电压"],
  warranty_months: ["Warranty", "质保期"], what: ["What", "项目"], why: ["Why", "原因"], work: ["Work", "作业"],
  // materials
  al_g: ["Aluminium", "铝"], al_permille: ["Aluminium", "铝"], c_permille: ["Carbon", "碳"], co_g: ["Cobalt", "钴"], co_permille: ["Cobalt", "钴"],
  cu_g: ["Copper", "铜"], cu_permille: ["Copper", "铜"], electrolyte_g: ["Electrolyte", "电解液"], f_permille: ["Fluorine", "氟"], fe_g: ["Iron", "铁"],
  fe_permille: ["Iron", "铁"], graphite_g: ["Graphite", "石墨"], li_g: ["Lithium", "锂"], li_permille: ["Lithium", "锂"], mn_g: ["Manganese", "锰"],
  mn_permille: ["Manganese", "锰"], moisture_permille: ["Moisture", "水分"], ni_g: ["Nickel", "镍"], ni_permille: ["Nickel", "镍"], p_g: ["Phosphorus", "磷"],
  p_permille: ["Phosphorus", "磷"], pb_permille: ["Lead", "铅"], plastics_g: ["Plastics", "塑料"], steel_g: ["Steel", "钢"],
  // the registry
  admin: ["Administrator's key", "管理密钥"], crv: ["Curve", "曲线"], en: ["In English", "英文"], from: ["From", "起始"], head: ["Last record", "末条记录"],
  jwk: ["Public key", "公钥"], kid: ["Key id", "密钥标识"], kty: ["Kind of key", "密钥类型"], licence: ["Licence", "许可"], log_keys: ["Keys of the log", "日志密钥"],
  name: ["Name", "名称"], org: ["Organisation", "机构"], origin: ["Name of the log", "日志名称"], origin_region: ["From which region", "始发地区"],
  possession: ["Proof of possession", "持有证明"], purpose: ["Purpose", "用途"], registrars: ["Registrars", "登记机构"], role: ["Role", "角色"],
  roles: ["Roles", "角色"], rules: ["Rules", "规则"], scope: ["Scope", "范围"], sites: ["Sites", "场所"], size: ["Size", "大小"],
  succeeds: ["Log before this one", "前一日志"], successor: ["Log that follows", "后继日志"], threshold: ["How many must agree", "所需会签数"], types: ["Steps that it may sign", "可签步骤"],
  use: ["Use", "用途"], vendor_codes: ["Vendor codes", "厂商代码"], x: ["Public value x", "公开值 x"], y: ["Public value y", "公开值 y"], zh: ["In Chinese", "中文"],
  "...": ["Withheld value", "保密值"],
};

/** @type {Record<string, Told>} */
const VALUES = {
  // conditions, reading, holding
  intact: ["intact", "完好"], damaged: ["damaged", "损坏"], opened: ["opened", "已打开"], leaking: ["leaking", "泄漏"], burnt: ["burnt", "烧毁"],
  unknown: ["unknown", "不明"], camera: ["camera", "相机"], scanner: ["scanner", "扫码枪"], typed: ["typed by hand", "手工输入"],
  unreadable: ["can't be read", "无法读取"], signer: ["we do", "本机构"], nobody: ["nobody enrolled", "无登记机构"], measured: ["measured on a scale", "称重"],
  nameplate: ["nameplate", "铭牌"], shared_ticket: ["weighing ticket of the load", "整车磅单"], normal: ["normal", "普通"], critical: ["critical, fireproof", "防火特种包装"],
  // stages that are declared
  in_vehicle: ["in a vehicle", "装车使用"], removed: ["taken out, not waste", "已拆下（非废料）"], swap_pool: ["in a swap pool", "换电池组"], waste: ["waste", "废旧电池"],
  manufactured: ["new", "新品"],
  // bases
  legacy: ["older than this system", "早于本系统"], imported: ["imported", "进口"], maker_not_enrolled: ["maker is not enrolled", "生产企业未登记"],
  other_log: ["from another log", "来自其他日志"], label_unreadable: ["label can't be read", "标签无法读取"], code_found: ["code found later", "后来找到编码"],
  relabelled: ["relabelled", "重新贴标"], double_registration: ["registered twice", "重复登记"], court: ["court", "法院"], insolvency: ["insolvency", "破产"],
  closed_yard: ["yard closed", "场地关闭"], authority: ["authority", "主管机关"], on_our_premises: ["on our premises", "在我方场地"], bought: ["bought", "购入"],
  child_of_our_battery: ["came out of our battery", "出自我方电池"], unexpected_on_truck: ["unexpected on a truck", "车上意外发现"], investigation: ["investigation", "调查"],
  safety: ["safety", "安全"], ownership: ["ownership", "权属"], customs: ["customs", "海关"],
  // reasons
  sold: ["sold", "出售"], returned_to_owner: ["returned to its owner", "交还车主"], leased: ["leased", "租赁"], not_on_truck: ["not on the truck", "不在车上"],
  wrong_battery: ["wrong battery", "电池不符"], mass_differs: ["mass differs", "质量不符"], not_expected: ["not expected", "未约定"], repair: ["repair", "维修"],
  replacement: ["replacement", "更换"], recall: ["recall", "召回"], scrapped: ["vehicle scrapped", "车辆报废"], end_of_life: ["end of life", "寿命终止"],
  vehicle_scrapped: ["vehicle scrapped", "车辆报废"], accident: ["accident", "事故"], uneconomic: ["repair does not pay", "维修不经济"], missing: ["missing", "缺失"],
  compromised: ["secret is known to others", "已泄密"], treatment: ["treatment", "处理"], second_life: ["second life", "梯次利用"], with_vehicle: ["with its vehicle", "随车"],
  returned_to_maker: ["returned to its maker", "退回生产企业"], stolen: ["stolen", "被盗"], accident_in_transit: ["accident on the road", "运输事故"], spilt: ["spilt", "洒漏"],
  fire: ["fire", "起火"], lost: ["lost", "遗失"], superseded: ["replaced", "已更换"], left_use: ["no longer used", "不再使用"], other: ["other", "其他"],
  removed_before: ["taken out before", "此前已拆下"], swapped: ["swapped", "已换电"], sold_apart: ["sold apart", "单独售出"], lost_in_accident: ["lost in an accident", "事故中灭失"],
  not_said: ["not said", "未说明"],
  // incidents, work, parts
  collision: ["collision", "碰撞"], water: ["water", "浸水"], leak: ["leak", "泄漏"], swelling: ["swelling", "鼓胀"], drop: ["dropped", "跌落"],
  parts_replaced: ["parts replaced", "更换部件"], software: ["software", "软件"], balancing: ["balancing", "均衡"], casing: ["casing", "壳体"], cooling: ["cooling", "冷却"],
  module: ["module", "模块"], cell: ["cell", "单体"], pack: ["pack", "电池包"], bms: ["battery management", "电池管理系统"], contactor: ["contactor", "接触器"],
  cable: ["cable", "线缆"], cables: ["cables", "线缆"], modules: ["modules", "模块"], cells: ["cells", "单体"], electronics: ["electronics", "电子件"],
  coolant: ["coolant", "冷却液"], plastics: ["plastics", "塑料"],
  // materials and products
  black_mass: ["black mass", "黑粉"], copper: ["copper", "铜"], aluminium: ["aluminium", "铝"], steel: ["steel", "钢"], electrolyte: ["electrolyte", "电解液"],
  nickel_sulfate: ["nickel sulfate", "硫酸镍"], cobalt_sulfate: ["cobalt sulfate", "硫酸钴"], manganese_sulfate: ["manganese sulfate", "硫酸锰"],
  lithium_carbonate: ["lithium carbonate", "碳酸锂"], lithium_hydroxide: ["lithium hydroxide", "氢氧化锂"], iron_phosphate: ["iron phosphate", "磷酸铁"], graphite: ["graphite", "石墨"],
  slag: ["slag", "炉渣"], dust: ["dust", "粉尘"], moisture: ["moisture", "水分"], off_gas: ["off-gas", "废气"], battery: ["battery grade", "电池级"],
  technical: ["technical grade", "工业级"], mechanical: ["mechanical", "机械法"], pyrometallurgical: ["pyrometallurgical", "火法"], hydrometallurgical: ["hydrometallurgical", "湿法"],
  direct: ["direct recycling", "直接再生"], mixed: ["mixed", "联合法"],
  // second life, packing, documents
  "re-used": ["re-used", "再使用"], remanufactured: ["remanufactured", "再制造"], repurposed: ["repurposed", "梯次利用"], original_packing: ["original packing", "原包装"],
  crate: ["crate", "周转箱"], rack: ["rack", "货架"], ev: ["electric vehicle", "电动汽车"], lmt: ["light means of transport", "轻型交通工具"], industrial: ["industrial", "工业"],
  stationary: ["stationary storage", "固定储能"], sli: ["starter", "起动"], traction: ["traction", "动力"], stationary_storage: ["stationary storage", "固定储能"],
  backup: ["backup power", "备用电源"], low_speed: ["low-speed vehicle", "低速车"], photo: ["photo", "照片"], ticket: ["weighing ticket", "磅单"], certificate: ["certificate", "证书"],
  contract: ["contract", "合同"], report: ["report", "报告"], dismantling_manual: ["dismantling manual", "拆解手册"], fire_safety: ["fire safety sheet", "消防说明"],
  none: ["none", "无"], UN3090: ["UN 3090 lithium metal batteries", "UN3090 锂金属电池"], UN3091: ["UN 3091 lithium metal, in equipment", "UN3091 装在设备中的锂金属电池"],
  UN3480: ["UN 3480 lithium ion batteries", "UN3480 锂离子电池"], UN3481: ["UN 3481 lithium ion, in equipment", "UN3481 装在设备中的锂离子电池"],
  UN3536: ["UN 3536 in a cargo unit", "UN3536 装在货运装置中的锂电池"], UN3556: ["UN 3556 vehicle", "UN3556 锂离子电池驱动的车辆"],
  // what is not measured, outcomes, consent
  mass: ["mass", "质量"], soh: ["state of health", "健康状态"], condition: ["condition", "状况"], module_codes: ["codes of modules", "模块编码"], label: ["label", "标签"],
  in_order: ["in order", "合格"], deficiencies: ["deficiencies", "有缺陷"], closed: ["closed down", "关停"], void: ["undoing it", "作废"], settlement: ["settlement", "和解"],
  // the registry
  battery_maker: ["battery maker", "电池生产企业"], importer: ["importer", "进口商"], vehicle_maker: ["vehicle maker", "汽车生产企业"], dealer: ["dealer", "销售商"],
  repairer: ["repairer", "维修商"], swap_operator: ["swap operator", "换电运营商"], collector: ["collector", "回收服务网点"],
  vehicle_dismantler: ["vehicle dismantler", "报废机动车回收拆解企业"], pack_dismantler: ["pack dismantler", "电池拆解企业"], repurposer: ["repurposer", "梯次利用企业"],
  recycler: ["recycler", "再生利用企业"], carrier: ["carrier", "承运人"], registrar: ["registrar", "登记机构"], regulator: ["regulator", "监管机构"],
  production: ["production", "生产"], demonstration: ["demonstration", "演示"], test: ["test", "测试"], admin: ["administering", "管理"], read: ["reading", "读取"],
  sign: ["signing", "签署"], OKP: ["Edwards curve", "爱德华兹曲线"], EC: ["elliptic curve", "椭圆曲线"], Ed25519: ["Ed25519", "Ed25519 曲线"], "P-256": ["P-256", "P-256 曲线"],
  true: ["yes", "是"], false: ["no", "否"],
};

/** Stages of lots, which the table of stages of batteries does not have. @type {Record<string, Told>} */
const LOT_STAGES = {
  held: ["held", "在库"], charged: ["charged into a batch", "已投料"], split: ["split", "已拆分"], final: ["final product", "最终产品"], open: ["open", "进行中"],
};

/** @type {[suffix: RegExp, unit: string, digits: number][]} what people say in place of the base unit, and by how many digits */
const UNITS = [
  [/_g_per_kwh$/, "g/kWh", 0], [/(?:^|_)g$/, "kg", 3], [/_permille$/, "%", 1], [/_wh$/, "kWh", 3], [/_mv$/, "V", 3], [/_mah$/, "Ah", 3],
  [/_months$/, "months", 0], [/^bytes$/, "bytes", 0],
];

const pick = (told, language) => told[language === "zh" ? 1 : 0];

/**
 * What a member is called.
 * @param {string} member
 * @param {string} language `zh` or `en`
 * @param {string} [within] type of the statement, or the member that it is part of
 * @returns {string} the member itself where nothing is known of it
 */
export function labelOf(member, language, within = "") {
  const told = own(MEMBERS, `${within}/${member}`) ?? own(MEMBERS, member);
  return told ? pick(told, language) : member;
}

/**
 * What a value of a closed list is called.
 * @param {string | boolean} value
 * @param {string} language
 * @param {string} [member]
 * @returns {string} the value itself where nothing is known of it
 */
export function wordOf(value, language, member = "") {
  const told = own(VALUES, `${member}.${value}`) ?? own(VALUES, String(value));
  return told ? pick(told, language) : String(value);
}

/** @param {string} member @param {string | boolean} value @returns {boolean} whether both languages have it */
export const hasWord = (member, value) => Boolean(own(VALUES, `${member}.${value}`) ?? own(VALUES, String(value)));

/** @param {string} member @returns {boolean} */
export const hasLabel = (member) => Boolean(own(MEMBERS, member));

/**
 * What a stage is called.
 * @param {string} stage
 * @param {string} language
 * @param {Record<string, any>} [lifecycle] answer of `GET /api/v1/lifecycle`
 * @returns {string}
 */
export function stageWord(stage, language, lifecycle) {
  const told = lifecycle?.stages.find((each) => each.stage === stage);
  if (told) return told[language];
  return own(LOT_STAGES, stage) ? pick(LOT_STAGES[stage], language) : wordOf(stage, language, "stage");
}

/**
 * In which unit people say a number of this member, and how many of its digits stand after the point.
 * @param {string} member
 * @returns {{unit: string, digits: number}}
 */
export function unitOf(member) {
  const found = UNITS.find(([suffix]) => suffix.test(member));
  return found ? { unit: found[1], digits: found[2] } : { unit: "", digits: 0 };
}

const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);
