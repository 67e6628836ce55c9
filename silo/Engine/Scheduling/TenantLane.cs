namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>The sequences of one tenant: those waiting, in the order of their turns, and what the fair order remembers of the tenant.</summary>
internal sealed class TenantLane(string tenant)
{
    public string Tenant { get; } = tenant;

    /// <summary>A linked list, so that a cancelled sequence leaves from the middle at once.</summary>
    public LinkedList<Sequence> Waiting { get; } = new();

    /// <summary>Waiting and running sequences; the lane is dropped at 0.</summary>
    public int Open { get; set; }

    /// <summary>The step that last prefilled for this tenant.</summary>
    public long LastPrefillStep { get; set; } = -1;
}
