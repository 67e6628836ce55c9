namespace DeepSeekOrleans.Engine.Scheduling;

/// <summary>
/// Lets the engine's thread rest until something comes. A signal given before the wait ends it at once, so none is lost; unlike a
/// system event it holds nothing to dispose, so a late caller does no harm.
/// </summary>
internal sealed class WakeSignal
{
    // Guards the flag. Monitor's wait and pulse need an object of the old kind.
    private readonly object _gate = new();
    private bool _isSet;

    public void Set()
    {
        lock (_gate)
        {
            _isSet = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>For one thread only.</summary>
    public void Wait()
    {
        lock (_gate)
        {
            while (!_isSet)
            {
                Monitor.Wait(_gate);
            }

            _isSet = false;
        }
    }
}
