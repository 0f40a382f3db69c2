with

source_machine_events as (
    select * from {{ source('silver', 'machine_event') }}
),

renamed as (
    select
        code_system,
        coalesce(enterprise_code, '*') as enterprise_code,
        machine_code,
        event_type,
        is_stop,
        started_at,
        ended_at,
        known_at,
        superseded_at
    from source_machine_events
)

select * from renamed
