//! Killed by the vendor: before, inside and after each of its replies.

use std::time::Duration;

use super::scene::{Scene, Strike};
use super::stride;
use super::vendor::Moment;
use crate::support::command::vins;

/// So long after a reply its answers may be on their way to the store.
const A_LITTLE: Duration = Duration::from_micros(700);

const MOMENTS: [Moment; 4] =
    [Moment::Before, Moment::Inside, Moment::After(Duration::ZERO), Moment::After(A_LITTLE)];

/// Kills a scene's command at every reply; the short form, at every other moment.
pub(super) fn at_each_reply(scene: &Scene, what: &str) {
    let mut stage = scene.stage();
    for nth in 1..=stage.calls {
        let stride = stride(2);
        for moment in MOMENTS.into_iter().skip(nth % stride).step_by(stride) {
            let was_killed = stage.attempt(Strike::Reply(nth, moment));
            // With all it needs, it may be quicker than the vendor.
            assert!(was_killed || matches!(moment, Moment::After(_)), "{nth} {moment:?}");
        }
    }
    stage.score.check(what);
}

#[test]
fn a_run_is_killed_at_every_reply() {
    let scene = Scene {
        // Recalls of each vehicle by its VIN: many calls, in two waves.
        tables: "[datasets.recalls]\nvendors = ['carvin']\nkey = 'vin'",
        words: &["enrich", "vins.csv", "-o", "out.csv", "--report", "report.json"],
        outputs: &["out.csv", "report.json"],
        inputs: &["vins.csv"],
        prepare: |site| site.work.write_vins(&vins(6)),
        ..Scene::default()
    };
    at_each_reply(&scene, "at every reply");
}
