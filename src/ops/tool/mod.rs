//! `tool run`: a paid tool, once for each row or vehicle.
//!
//! What a run costs is known when it has been charged. Until a tool has been
//! charged for once, a run is reserved at the configured price; from then on at
//! the dearest charge seen. One run is on its way at a time, so a tool that
//! turns out dearer than thought passes the limit by that one charge at most.

pub(super) mod template;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::config::{Settings, VendorSettings};
use crate::domain::error::{Error, Exit};
use crate::domain::key::Key;
use crate::domain::money::Micros;
use crate::domain::outcome::{Outcome, Status};
use crate::domain::vin::{Rules, Vin};
use crate::enrich::plan::Limits;
use crate::enrich::report::Report;
use crate::enrich::survey::Survey;
use crate::gate::origin;
use crate::input::{InputSpec, Inputs, Row};
use crate::ops::acting::{Confirm, Desk, Intent, Job, World, settings_of, whole};
use crate::ops::tool::template::JsonTemplate;
use crate::output::{InputInfo, Sheet, Written};
use crate::store::{Answered, Held, SourceId, SourceName, Store};
use crate::vendors::visa::{self, EXECUTE, Execution};

/// The columns that follow the input's.
const COLUMNS: [&str; 4] = ["tool_status", "tool_result", "tool_charged_micros", "tool_error"];

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
pub fn run(plan: &ToolPlan, world: World<'_>, confirm: Confirm<'_>) -> Result<Report, Error> {
    if !visa::is_tool_id(&plan.tool) {
        return Err(Error::usage(format!("`{}` cannot be the id of a tool", plan.tool)));
    }
    let inputs = Inputs::open(&plan.input)?;
    let (whose, text) = &plan.template;
    let template = JsonTemplate::parse(whose, text, inputs.columns())?;
    let settings = priced(plan)?;
    let limits = Limits { max_calls: plan.max_calls, max_cost: Some(plan.max_cost) };
    let job = Job::new(visa::ID, &plan.settings, &settings, limits, &plan.command, world.clock);
    let path = plan.output.as_deref();
    let paths = inputs.paths();
    let input = InputInfo { columns: inputs.columns(), files: &[], paths: &paths };
    let sheet = Sheet::create(path, &job.run_id, input, &COLUMNS)?;
    let tasks = Tasks::of(plan, &inputs, &template)?;
    let price = settings.price_of(EXECUTE);
    let report = job.carry_out(world, async |desk| {
        let source = desk.source(EXECUTE).await?;
        let missing = missing(desk, source, &tasks)?;
        if !missing.is_empty() {
            refuse_over_the_cap(plan, price)?;
            confirm(Intent { calls: missing.len() })?;
        }
        let unanswered = desk.ask(EXECUTE, missing).await?;
        desk.count(unanswered.values());
        tell_of_overspending(desk, plan);
        refuse_unknown_tool(plan, &unanswered)?;
        if desk.shared.cancel.asked().is_some() {
            return Ok(());
        }
        let answers = Answers { desk, held: desk.held(source, &tasks.keys)?, unanswered };
        let (survey, written) = write(plan, &inputs, &template, &tasks, &answers, sheet)?;
        desk.note_rows(&inputs, &survey, written);
        Ok(())
    })?;
    if let Some(path) = &plan.output {
        report.save_beside(path)?;
    }
    Ok(report)
}

/// The vendor's settings, a run priced at the dearest that this tool was charged.
fn priced(plan: &ToolPlan) -> Result<VendorSettings, Error> {
    let mut settings = settings_of(&plan.settings, visa::ID)?.clone();
    let key = settings.resolve_key()?;
    let origin = origin(&settings, key.as_ref());
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

/// The distinct tasks of an input.
struct Tasks {
    keys: Vec<Key>,
    /// The places of the vehicles' tasks.
    of_vehicle: HashMap<Vin, usize>,
    places: HashMap<Key, usize>,
}

impl Tasks {
    fn of(plan: &ToolPlan, inputs: &Inputs, template: &JsonTemplate) -> Result<Self, Error> {
        let mut tasks =
            Self { keys: Vec::new(), of_vehicle: HashMap::new(), places: HashMap::new() };
        let mut batches = inputs.batches()?;
        while let Some(batch) = batches.read()? {
            for row in batch.rows() {
                let Some(vin) = row.reading(Rules::default()).vin else { continue };
                let task = task(plan, template, row, &vin);
                match plan.per {
                    Per::Row => drop(tasks.add(task)),
                    Per::Vehicle => tasks.add_of_vehicle(vin, task),
                }
            }
        }
        batches.finish()?;
        Ok(tasks)
    }

    fn add_of_vehicle(&mut self, vin: Vin, key: Key) {
        if let Some(&place) = self.of_vehicle.get(&vin) {
            let smallest = &mut self.keys[place];
            if key < *smallest {
                *smallest = key;
            }
        } else {
            self.of_vehicle.insert(vin, self.keys.len());
            self.keys.push(key);
        }
    }

    fn add(&mut self, key: Key) -> usize {
        let next = self.keys.len();
        let place = *self.places.entry(key.clone()).or_insert(next);
        if place == next {
            self.keys.push(key);
        }
        place
    }

    /// The task of a row.
    fn of_row(
        &self,
        plan: &ToolPlan,
        template: &JsonTemplate,
        row: Row<'_>,
        vin: &Vin,
    ) -> Option<usize> {
        match plan.per {
            Per::Row => self.places.get(&task(plan, template, row, vin)).copied(),
            Per::Vehicle => self.of_vehicle.get(vin).copied(),
        }
    }
}

fn task(plan: &ToolPlan, template: &JsonTemplate, row: Row<'_>, vin: &Vin) -> Key {
    let vehicle = match plan.per {
        Per::Row => None,
        Per::Vehicle => Some(vin.as_str()),
    };
    visa::run_of(&plan.tool, vehicle, &template.fill(row, vin))
}

/// The tasks that must be run: what the vendor refused is tried again in time.
fn missing(desk: &Desk<'_>, source: SourceId, tasks: &Tasks) -> Result<Vec<Key>, Error> {
    let held = desk.held(source, &tasks.keys)?;
    let freshness = crate::domain::freshness::Freshness::lasting();
    let is_answered = |key: &Key| {
        held.get(key).is_some_and(|held| {
            let found = held.said == Answered::Found;
            freshness.expires_at(key, found, held.fetched_at) > desk.started.wall
        })
    };
    Ok(tasks.keys.iter().filter(|key| !is_answered(key)).cloned().collect())
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
fn tell_of_overspending(desk: &Desk<'_>, plan: &ToolPlan) {
    let spent = desk.shared.progress.borrow().spent;
    if spent <= plan.max_cost {
        return;
    }
    desk.ends_with(Exit::OwnLimit);
    let words = format!(
        "{spent} was charged, over `--max-cost`: a run of `{}` turned out dearer than expected",
        plan.tool
    );
    desk.warn("overspent", words);
}

fn refuse_unknown_tool(plan: &ToolPlan, unanswered: &HashMap<Key, Outcome>) -> Result<(), Error> {
    let is_unknown = |outcome: &Outcome| matches!(outcome, Outcome::Failed(fault) if visa::is_unknown_tool(fault));
    if !unanswered.values().any(is_unknown) {
        return Ok(());
    }
    Err(Error::usage(format!("the vendor knows no tool `{}`", plan.tool))
        .hint("nothing was spent; `--tool` takes an id such as `or-gpt-4o-mini`"))
}

/// What came of every task.
struct Answers<'a> {
    desk: &'a Desk<'a>,
    held: HashMap<Key, Held>,
    unanswered: HashMap<Key, Outcome>,
}

/// The cells of one task.
struct Cells {
    status: &'static str,
    result: String,
    charged: String,
    error: String,
}

impl Answers<'_> {
    fn of(&self, key: &Key) -> Result<Cells, Error> {
        let Some(held) = self.held.get(key) else {
            let outcome = self.unanswered.get(key).cloned();
            return Ok(Cells::without_answer(&outcome.unwrap_or(Outcome::Missing)));
        };
        match (held.said, held.detail.as_deref()) {
            (Answered::Found, _) => {
                let body = self.desk.body(key, held)?;
                Ok(Execution::read(&body).map_or_else(Cells::unreadable, Cells::of))
            }
            (_, why) => {
                Ok(Cells::without_answer(&Outcome::Refused(why.unwrap_or("refused").to_owned())))
            }
        }
    }
}

impl Cells {
    fn of(execution: Execution) -> Self {
        let charged = execution.charged.map(|charged| charged.0.to_string());
        Self {
            status: Status::Found.name(),
            result: execution.result,
            charged: charged.unwrap_or_default(),
            error: String::new(),
        }
    }

    fn without_answer(outcome: &Outcome) -> Self {
        let (status, error, _) = outcome.verdict();
        Self {
            status: status.name(),
            result: String::new(),
            charged: String::new(),
            error: error.unwrap_or_default(),
        }
    }

    fn unreadable() -> Self {
        Self { error: "unreadable".into(), ..Self::without_answer(&Outcome::Inconclusive) }
    }
}

/// Writes a row for each row. A charge stands in the first row of its run, so
/// that the column sums up to what was paid.
fn write(
    plan: &ToolPlan,
    inputs: &Inputs,
    template: &JsonTemplate,
    tasks: &Tasks,
    answers: &Answers<'_>,
    mut sheet: Sheet,
) -> Result<(Survey, Written), Error> {
    let mut survey = Survey::default();
    let mut told = vec![false; tasks.keys.len()];
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        for row in batch.rows() {
            survey.count(row, Rules::default());
            let reading = row.reading(Rules::default());
            let place = reading.vin.as_ref().and_then(|vin| tasks.of_row(plan, template, row, vin));
            let mut cells = match place {
                Some(place) => answers.of(&tasks.keys[place])?,
                None => Cells {
                    status: Status::NotRequested.name(),
                    result: String::new(),
                    charged: String::new(),
                    error: reading.error.map(|error| error.as_str().to_owned()).unwrap_or_default(),
                },
            };
            if let Some(place) = place
                && std::mem::replace(&mut told[place], true)
                && !cells.charged.is_empty()
            {
                cells.charged = "0".into();
            }
            let ours = [cells.status, &cells.result, &cells.charged, &cells.error];
            sheet.row(row.cells().map(Option::unwrap_or_default).chain(ours))?;
        }
    }
    survey.digests = batches.finish()?;
    let written = whole(sheet, &survey)?;
    Ok((survey, written))
}
