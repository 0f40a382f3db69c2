with

source_production_outputs as (
    select * from {{ source('silver', 'production_output') }}
),

renamed as (
    select
        code_system,
        enterprise_code,
        machine_code,
        quantity_unit,
        good_quantity,
        scrap_quantity,
        energy_kwh,
        run_minutes,
        idle_minutes,
        rated_capacity_per_hour,
        production_date,
        known_at,
        superseded_at
    from source_production_outputs
)

select * from renamed
