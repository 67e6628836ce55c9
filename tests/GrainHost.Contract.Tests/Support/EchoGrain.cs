namespace DeepSeekOrleans.GrainHost.Contract.Tests.Support;

/// <summary>Gives back what it gets; with one hop it asks another grain of its own silo to do so.</summary>
public interface IEchoGrain : IGrainWithStringKey
{
    Task<Everything> EverythingAsync(Everything value, int hops);

    Task<Shape> ShapeAsync(Shape value, int hops);

    Task<Box> BoxAsync(Box value, int hops);

    Task<Named?> NamedAsync(Named? value, int hops);

    Task<WithDefaults> DefaultsAsync(WithDefaults value, int hops);

    Task<object> AnyAsync(object value, int hops);

    Task<IProbeGrain> GrainAsync(IProbeGrain value, int hops);

    /// <summary>Writes 99 into the argument.</summary>
    Task<int> ChangeAsync(Box value, int hops);

    Task<Box> StateAsync();

    /// <summary>Writes into another grain's returned state, asks for it again and tells what it holds.</summary>
    Task<int> ChangeStateOfAsync(IEchoGrain other);

    Task<bool> SharesImmutableAsync();

    Task<bool> IsSameAsLastAsync(Named value);
}

[PinnedPlacement]
public sealed class EchoGrain : Grain, IEchoGrain
{
    private static Named? _lastSent;

    private readonly Box _state = new() { Values = [1] };

    private IEchoGrain Next => GrainFactory.GetGrain<IEchoGrain>(this.GetPrimaryKeyString() + "-next");

    public async Task<Everything> EverythingAsync(Everything value, int hops) => hops == 0 ? value : await Next.EverythingAsync(value, hops - 1);

    public async Task<Shape> ShapeAsync(Shape value, int hops) => hops == 0 ? value : await Next.ShapeAsync(value, hops - 1);

    public async Task<Box> BoxAsync(Box value, int hops) => hops == 0 ? value : await Next.BoxAsync(value, hops - 1);

    public async Task<Named?> NamedAsync(Named? value, int hops) => hops == 0 ? value : await Next.NamedAsync(value, hops - 1);

    public async Task<WithDefaults> DefaultsAsync(WithDefaults value, int hops) =>
        hops == 0 ? value : await Next.DefaultsAsync(value, hops - 1);

    public async Task<object> AnyAsync(object value, int hops) => hops == 0 ? value : await Next.AnyAsync(value, hops - 1);

    public async Task<IProbeGrain> GrainAsync(IProbeGrain value, int hops) => hops == 0 ? value : await Next.GrainAsync(value, hops - 1);

    public async Task<int> ChangeAsync(Box value, int hops)
    {
        if (hops > 0)
        {
            int result = await Next.ChangeAsync(value, hops - 1);
            return value.Values[0] == 99 ? -1 : result;
        }

        value.Values[0] = 99;
        return value.Values[0];
    }

    public Task<Box> StateAsync() => Task.FromResult(_state);

    public async Task<int> ChangeStateOfAsync(IEchoGrain other)
    {
        Box state = await other.StateAsync();
        state.Values[0] = 99;
        return (await other.StateAsync()).Values[0];
    }

    public Task<bool> SharesImmutableAsync()
    {
        _lastSent = new Named("shared", new Point(1, 1));
        return Next.IsSameAsLastAsync(_lastSent);
    }

    public Task<bool> IsSameAsLastAsync(Named value) => Task.FromResult(ReferenceEquals(value, _lastSent));
}
