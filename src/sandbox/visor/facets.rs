//! How many vehicles of each model are for sale, and what they cost. There is no
//! inventory: both follow from make, model and model year.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::fleet::draw;
use super::super::handler::{Reply, to_json};
use super::super::makers::{self, Model};
use super::query::FacetsQuery;

/// Fewer vehicles than this have no metric.
const LEAST: u64 = 10;

/// The newest model year of which anything is for sale.
const NEWEST: u16 = 2027;

/// One model.
#[derive(Serialize)]
struct Bucket {
    value: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<Value>,
}

/// What a query asks about, for the journal.
pub(super) fn keys(query: &FacetsQuery) -> Vec<String> {
    let FacetsQuery { makes, years, .. } = query;
    let each = makes.iter().flat_map(|make| years.iter().map(move |year| (make, year)));
    each.map(|(make, year)| format!("{} {year}", make.to_uppercase())).collect()
}

/// The models that a query asks about, the most frequent first.
pub(super) fn models(query: &FacetsQuery) -> Reply {
    let mut buckets: Vec<Bucket> = Vec::new();
    for make in &query.makes {
        for model in makers::models_of(make) {
            let of = |year: &u16| for_sale(model, make, *year);
            let count: u64 = query.years.iter().map(of).sum();
            if count > 0 && buckets.iter().all(|bucket| bucket.value != model.name) {
                let metric = metric(&query.metric, model, query.years[0], count);
                buckets.push(Bucket { value: model.name.clone(), count, metric });
            }
        }
    }
    buckets.sort_by(|one, next| next.count.cmp(&one.count).then(one.value.cmp(&next.value)));
    let total: u64 = buckets.iter().map(|bucket| bucket.count).sum();
    buckets.truncate(query.most);
    let data = json!({
        "total": total, "facets": { "model": buckets }, "range_facets": {}, "stats": {},
    });
    let meta = json!({
        "facets": ["model"], "metric": query.metric, "sort": "-count",
        "minimum_metric_count": LEAST,
    });
    Reply::json(200, to_json(&json!({ "data": data, "meta": meta })))
}

fn for_sale(model: &Model, make: &str, year: u16) -> u64 {
    if !(model.since..=NEWEST).contains(&year) {
        return 0;
    }
    draw(&format!("{} {} {year}", make.to_uppercase(), model.name), "for sale") % 400
}

/// The metric of a bucket: null where too few vehicles would give themselves away.
fn metric(name: &str, model: &Model, year: u16, count: u64) -> Option<Value> {
    let (measure, aggregate) = name.split_once('.')?;
    if count < LEAST || measure != "price" {
        return Some(json!({ "name": name, "value": null, "null_reason": "insufficient_sample" }));
    }
    let worn = (year..NEWEST).fold(model.body.price_new, |price, _| price - price / 8);
    // Hundredths of the median.
    let share = match aggregate {
        "p5" => 71,
        "p25" => 88,
        "p75" => 113,
        "p95" => 134,
        _ => 100,
    };
    Some(json!({ "name": name, "value": worn * share / 100 }))
}
