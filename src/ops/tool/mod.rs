//! `tool run`: a paid tool, once for each row or vehicle.
//!
//! What a run costs is known when it has been charged. Until a tool has been
//! charged for once, a run is reserved at the configured price; from then on at
//! the dearest charge seen. One run is on its way at a time, so a tool that
//! turns out dearer than thought passes the limit by that one charge at most.

mod rows;
mod tasks;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use self::rows::{Answers, COLUMNS, write};
use self::tasks::Tasks;
use crate::config::{Settings, VendorSettings};
use crate::domain::{Error, Exit, Freshness, Key, Micros, Outcome};
use crate::enrich::plan::Limits;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::Context;
use crate::files::Protected;
use crate::gate::VendorAccount;
use crate::input::{InputSpec, Inputs};
use crate::ops::client::{Action, Confirm, Intent, VendorClient, settings_of};
use crate::ops::template::JsonTemplate;
use crate::output::Sheet;
use crate::store::{AnswerKind, SourceId, SourceName, Store};
use crate::vendors::visa::{self, EXECUTE, Execution};

/// What `tool run` shall do.
#[derive(Clone, Debug)]
pub struct ToolPlan {
    /// Where the rows come from.
    pub input: InputSpec,
    /// Store and vendors.
    pub settings: Settings,
    /// The tool's id.
    pub tool: String,
    /// The JSON of the `input` template, and where it is from.
    pub template: (String, String),
    /// The file that the template was read from.
    pub template_file: Option<PathBuf>,
    /// What the tool is run once for.
    pub per: Per,
    /// The most that this run may spend.
    pub max_cost: Micros,
    /// The most calls it may send.
    pub max_calls: Option<u64>,
    /// Where the rows go; `None` is stdout.
    pub output: Option<PathBuf>,
    /// The command line as it may be kept.
    pub command: String,
}

/// What a tool is run once for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// Each row; rows with equal inputs share a run.
    #[default]
    Row,
    /// Each vehicle, with the smallest of its rows' inputs: the order of the rows
    /// makes no difference.
    Vehicle,
}

/// Runs the tool for what the store does not answer, and writes a row for each
/// row of the input.
///
/// # Errors
/// 64 and 66 where the input, the template or the tool's id cannot be used, 77 where
/// there is no API key, 80 where one run is taken to cost more than the plan allows;
/// else what `confirm` returns, or a failure of the store or the output.
pub fn tool(plan: &ToolPlan, context: Context<'_>, confirm: Confirm<'_>) -> Result<Report, Error> {
    if !visa::is_tool_id(&plan.tool) {
        return Err(Error::usage(format!("`{}` cannot be the id of a tool", plan.tool)));
    }
    let settings = priced(plan)?;
    let price = settings.price_of(EXECUTE);
    let report = ReportBuilder::start(&plan.command, context).writing_to(plan.output.as_deref());
    let limits = Limits { max_calls: plan.max_calls, max_cost: Some(plan.max_cost) };
    let (vendor, of_vendor, settings) = (visa::ID, &settings, &plan.settings);
    let action = Action { vendor, of_vendor, settings, limits };
    let (inputs, template, sheet) = action.prepare(&report, || files(plan))?;
    let tasks = action.prepare(&report, || Tasks::of(plan, &template, &inputs))?;
    action.run(&report, async |client| {
        let source = client.source(EXECUTE).await?;
        let missing = missing(client, source, &tasks)?;
        refuse_alias(client, source, plan, &tasks.keys)?;
        if !missing.is_empty() {
            refuse_over_the_cap(plan, price)?;
            confirm(Intent { calls: missing.len() })?;
        }
        let unanswered = ask(client, source, plan, missing).await?;
        client.report.note_unanswered(unanswered.values());
        warn_of_overspending(client, plan);
        refuse_unknown_tool(plan, &unanswered)?;
        if client.is_stopped() {
            return Ok(());
        }
        let operations = client.operations(source)?.into_iter();
        let answers = Answers {
            client,
            held: client.held(source, &tasks.keys)?,
            unanswered,
            ids: operations.map(|of| (of.key, of.idempotency_key)).collect(),
        };
        write(&tasks, &answers, &inputs, sheet)
    })
}

/// The input, the template that its rows fill, and where the results go.
fn files(plan: &ToolPlan) -> Result<(Inputs, JsonTemplate, Sheet), Error> {
    let inputs = Inputs::open(&plan.input)?;
    let (whose, text) = &plan.template;
    let template = JsonTemplate::parse(whose, text, inputs.columns())?;
    let protected = Protected::of(&plan.settings)
        .and("an input file", inputs.paths())
        .and("the template", plan.template_file.clone());
    let sheet = Sheet::create(plan.output.as_deref(), &protected, inputs.columns(), &COLUMNS)?;
    Ok((inputs, template, sheet))
}

/// The vendor's settings, a run priced at the dearest that this tool was charged.
fn priced(plan: &ToolPlan) -> Result<VendorSettings, Error> {
    let mut settings = settings_of(&plan.settings, visa::ID)?.clone();
    let key = settings.resolve_key()?;
    let origin = VendorAccount { vendor: &visa::Visa, settings: &settings, key }.origin();
    let name = SourceName { dataset: None, vendor: visa::ID, endpoint: EXECUTE, origin };
    let known = match Store::peek(&plan.settings.store)? {
        Some(store) => {
            let snapshot = store.snapshot()?;
            match snapshot.source(&name)? {
                Some(source) => snapshot.dearest(source, &plan.tool)?,
                None => None,
            }
        }
        None => None,
    };
    // Something must be reserved, or the limit would limit nothing.
    let price = settings.price_of(EXECUTE).max(known.unwrap_or_default()).max(Micros(1));
    settings.price.insert(EXECUTE.to_owned(), price);
    // Several at once could each turn out dearer than what they were reserved at.
    settings.concurrency = NonZeroU32::MIN;
    Ok(settings)
}

/// The tasks that must be run: what the vendor refused is tried again in time.
fn missing(
    client: &VendorClient<'_>,
    source: SourceId,
    tasks: &Tasks<'_>,
) -> Result<Vec<Key>, Error> {
    let held = client.held(source, &tasks.keys)?;
    let (freshness, started) = (Freshness::lasting(), client.session.started().wall);
    let is_answered = |key: &Key| {
        held.get(key).is_some_and(|held| {
            let found = held.said == AnswerKind::Found;
            freshness.expires_at(key, found, held.fetched_at) > started
        })
    };
    Ok(tasks.keys.iter().filter(|key| !is_answered(key)).cloned().collect())
}

/// Runs the tool for every missing task. Of a tool that was never run under this name
/// one run tells whether that is its id, before any other is paid for.
async fn ask(
    client: &VendorClient<'_>,
    source: SourceId,
    plan: &ToolPlan,
    mut missing: Vec<Key>,
) -> Result<HashMap<Key, Outcome>, Error> {
    if missing.len() < 2 || client.snapshot()?.dearest(source, &plan.tool)?.is_some() {
        return client.ask(EXECUTE, missing).await;
    }
    let rest = missing.split_off(1);
    let mut unanswered = client.ask(EXECUTE, missing.clone()).await?;
    refuse_unknown_tool(plan, &unanswered)?;
    refuse_alias(client, source, plan, &missing)?;
    unanswered.extend(client.ask(EXECUTE, rest).await?);
    Ok(unanswered)
}

/// The vendor runs, under the name in the plan, a tool that was run by its id: its
/// answers are kept under that, and would be paid for twice.
fn refuse_alias(
    client: &VendorClient<'_>,
    source: SourceId,
    plan: &ToolPlan,
    keys: &[Key],
) -> Result<(), Error> {
    for (key, held) in client.held(source, keys)? {
        let Some(id) = Execution::read(&client.body(&key, &held)?).and_then(|run| run.tool) else {
            continue;
        };
        if id == plan.tool {
            return Ok(());
        }
        if client.snapshot()?.dearest(source, &id)?.is_some() {
            let words = format!("`{}` is another name of the tool `{id}`", plan.tool);
            let hint =
                format!("use `--tool {id}`: what was paid for under that id is not paid for again");
            return Err(Error::usage(words).hint(hint));
        }
    }
    Ok(())
}

/// A single run would pass the limit: nothing is sent.
fn refuse_over_the_cap(plan: &ToolPlan, price: Micros) -> Result<(), Error> {
    if price <= plan.max_cost {
        return Ok(());
    }
    Err(Error::new(
        Exit::OwnLimit,
        format!("one run of `{}` is taken to cost {price}, over `--max-cost`", plan.tool),
    )
    .hint(format!(
        "nothing was spent; raise `--max-cost`, or correct `price_micros` under [vendors.{}]",
        visa::ID
    )))
}

/// The last run turned out dearer than what it was reserved at.
fn warn_of_overspending(client: &VendorClient<'_>, plan: &ToolPlan) {
    let spent = client.spent();
    if spent <= plan.max_cost {
        return;
    }
    client.report.note_undone(Exit::OwnLimit, "overspent");
    let message = format!(
        "{spent} was charged, over `--max-cost`: a run of `{}` turned out dearer than expected",
        plan.tool
    );
    client.report.warn("overspent", message);
}

fn refuse_unknown_tool(plan: &ToolPlan, unanswered: &HashMap<Key, Outcome>) -> Result<(), Error> {
    let is_unknown = |outcome: &Outcome| matches!(outcome, Outcome::Failed(fault) if visa::is_unknown_tool(fault));
    if !unanswered.values().any(is_unknown) {
        return Ok(());
    }
    Err(Error::usage(format!("the vendor knows no tool `{}`", plan.tool))
        .hint("nothing was spent; `--tool` takes an id such as `or-gpt-4o-mini`"))
}
