{{ config(materialized='table') }}

with

machines as (
    select * from {{ ref('stg_machines') }}
    where {{ stood_by_then() }}
),

sites as (
    select * from {{ ref('stg_sites') }}
    where {{ stood_by_then() }}
),

enterprise_names as (
    select
        code_system,
        enterprise_code,
        min(enterprise_name) as enterprise_name
    from sites
    group by code_system, enterprise_code
),

-- What names a machine; * stands for an enterprise that is not said.
mentions as (
    select
        code_system,
        '*' as enterprise_code,
        machine_code,
        machine_type,
        site_code,
        enterprise_name,
        false as is_report
    from machines

    union all

    select distinct
        code_system,
        enterprise_code,
        machine_code,
        null as machine_type,
        null as site_code,
        null as enterprise_name,
        true as is_report
    from {{ ref('stg_production_outputs') }}
    where {{ stood_by_then() }}

    union all

    select distinct
        code_system,
        enterprise_code,
        machine_code,
        null as machine_type,
        null as site_code,
        null as enterprise_name,
        true as is_report
    from {{ ref('stg_machine_events') }}
    where {{ stood_by_then() }}

    union all

    select distinct
        code_system,
        enterprise_code,
        machine_code,
        null as machine_type,
        null as site_code,
        null as enterprise_name,
        true as is_report
    from {{ ref('stg_maintenances') }}
    where {{ stood_by_then() }}

    union all

    select distinct
        code_system,
        '*' as enterprise_code,
        machine_code,
        null as machine_type,
        null as site_code,
        null as enterprise_name,
        false as is_report
    from {{ ref('int_known_telemetry_days') }}
),

enterprises_of_codes as (
    select
        *,
        min(nullif(enterprise_code, '*')) over (
            partition by code_system, machine_code
        ) as first_enterprise_code,
        max(nullif(enterprise_code, '*')) over (
            partition by code_system, machine_code
        ) as last_enterprise_code
    from mentions
),

-- A mention without an enterprise is of the one enterprise that has the code.
resolved_mentions as (
    select
        code_system,
        if(
            enterprise_code = '*'
            and first_enterprise_code = last_enterprise_code,
            first_enterprise_code,
            enterprise_code
        ) as enterprise_code,
        enterprise_code = '*' as is_without_enterprise,
        machine_code,
        machine_type,
        site_code,
        enterprise_name,
        is_report
    from enterprises_of_codes
),

system_machines as (
    select
        resolved_mentions.code_system,
        resolved_mentions.enterprise_code,
        resolved_mentions.machine_code,
        max(resolved_mentions.machine_type) as machine_type,
        max(resolved_mentions.site_code) as site_code,
        coalesce(
            max(enterprise_names.enterprise_name),
            max(resolved_mentions.enterprise_name)
        ) as enterprise_name,
        bool_or(resolved_mentions.is_report) as is_reporting,
        bool_or(resolved_mentions.is_without_enterprise) as has_readings_of_code
    from resolved_mentions
    left join enterprise_names
        on
            resolved_mentions.code_system = enterprise_names.code_system
            and resolved_mentions.enterprise_code
            = enterprise_names.enterprise_code
    group by
        resolved_mentions.code_system,
        resolved_mentions.enterprise_code,
        resolved_mentions.machine_code
),

signed_machines as (
    select
        *,
        {{ name_signs('enterprise_name') }} as owner_signs,
        concat_ws('/', code_system, enterprise_code, machine_code)
            as system_machine_id
    from system_machines
),

counted_machines as (
    select
        *,
        count(*) over (
            partition by machine_code, owner_signs, code_system
        ) as namesake_count,
        count_if(is_reporting) over (
            partition by machine_code, owner_signs
        ) as reporting_count,
        first_value(system_machine_id) over (
            partition by machine_code, owner_signs
            order by is_reporting desc, system_machine_id asc
        ) as first_machine_id
    from signed_machines
),

linkable_machines as (
    select
        *,
        -- Two machines of one system are two; and where two systems report
        -- what one machine made, joining them would count it twice.
        owner_signs is not null
        and reporting_count <= 1
        and max(namesake_count) over (
            partition by machine_code, owner_signs
        ) = 1 as is_linkable
    from counted_machines
),

identified_machines as (
    select
        if(is_linkable, first_machine_id, system_machine_id) as machine_id,
        code_system,
        enterprise_code,
        machine_code,
        machine_type,
        site_code,
        enterprise_name,
        is_reporting,
        has_readings_of_code
    from linkable_machines
)

select * from identified_machines
