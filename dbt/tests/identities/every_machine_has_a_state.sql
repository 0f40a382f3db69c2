-- Why: a machine whose reports, events, maintenance or readings fall out of a
-- join is a machine that nobody looks at. Everything that a system told of by
-- the date must belong to exactly one machine, and the machine have a state.

with

mentions as (
    select
        code_system,
        machine_code
    from {{ ref('stg_machines') }}
    where {{ stood_by_then() }}

    union

    select
        code_system,
        machine_code
    from {{ ref('stg_production_outputs') }}
    where {{ stood_by_then() }}

    union

    select
        code_system,
        machine_code
    from {{ ref('stg_machine_events') }}
    where {{ stood_by_then() }}

    union

    select
        code_system,
        machine_code
    from {{ ref('stg_maintenances') }}
    where {{ stood_by_then() }}

    union

    select
        code_system,
        machine_code
    from {{ ref('int_known_telemetry_days') }}
),

machines as (
    select * from {{ ref('int_machines') }}
),

machine_states as (
    select * from {{ ref('factory_machine_state') }}
    where as_of_date = {{ as_of_date() }}
),

unknown_machines as (
    select
        mentions.code_system,
        mentions.machine_code
    from mentions
    left join machines
        on
            mentions.code_system = machines.code_system
            and mentions.machine_code = machines.machine_code
    left join machine_states
        on machines.machine_id = machine_states.machine_id
    where machine_states.machine_id is null
),

ambiguous_readings as (
    select
        code_system,
        machine_code
    from machines
    where has_readings_of_code
    group by code_system, machine_code
    having count(*) > 1
)

select * from unknown_machines

union all

select * from ambiguous_readings
