//! The specification that a newcomer can read: one script per behaviour.

use crate::trace::check;

macro_rules! traces {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            check(include_str!(concat!("traces/", stringify!($name), ".trace")));
        }
    )*};
}

traces! {
    warm_and_cold
    throttle
    unreserved_pool
    lowered_below_use
    claimed_concurrency
    request_rate
    account_rate
    scaling_rate
    provisioned_all_or_nothing
    provisioned_moves
    provisioned_fills_reservation
    provisioned_failure
    provisioned_rate
    weighted_alias
    timeout
    init_failure
    overdue_init
    placement
    crash
    busy_until_rest
    idle_reclaim
    transitions
    update_while_running
    async_error_retry
    async_throttle_backoff
    async_age
    async_no_retries
    async_reserved_zero
    recursion
    sqs_visibility
    sqs_redrive
    sqs_long_poll
    sqs_delay
    sqs_delete
    sqs_in_flight
    sqs_fifo_order
    sqs_fifo_deduplication
    sqs_fifo_scope
    sqs_fifo_attempt
    sqs_fifo_delay
    sqs_fifo_redrive
    sqs_fair_queue
    sqs_fair_queue_calm
    sqs_fair_queue_several
    sqs_move_task
    sqs_move_task_failure
    mapping_batch_window
    mapping_low_traffic
    mapping_over_pull
    mapping_function_error
    mapping_error_backoff
    mapping_fleet
    mapping_fleet_idle
    mapping_maximum
    mapping_filter
    mapping_fifo
    mapping_of_deleted_function
}
