namespace DeepSeekOrleans.TestKit;

/// <summary>A clock on the wall that somebody sets, over a time that goes on evenly: what an operator or NTP does to a machine.</summary>
public sealed class JumpingTime(TimeProvider even) : TimeProvider
{
    private TimeSpan _offset;

    public override long TimestampFrequency => even.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => even.LocalTimeZone;

    public void Jump(TimeSpan by) => _offset += by;

    public override DateTimeOffset GetUtcNow() => even.GetUtcNow() + _offset;

    public override long GetTimestamp() => even.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        even.CreateTimer(callback, state, dueTime, period);
}
