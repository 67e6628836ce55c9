using DeepSeekOrleans.Embedded.Hosting;
using DeepSeekOrleans.Embedded.Invocation;
using DeepSeekOrleans.Embedded.Messaging;
using DeepSeekOrleans.Embedded.Streams;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace DeepSeekOrleans.Embedded.Activation;

internal enum ActivationState
{
    Activating,
    Valid,
    Deactivating,
    Ended,
}

/// <summary>
/// One activation of a grain. Everything here but the Post methods and <see cref="Deactivate"/> runs on its scheduler, so
/// that no state needs a lock.
/// </summary>
internal sealed class GrainActivation : IGrainContext
{
    private readonly ActivationScheduler _scheduler;
    private readonly TurnQueue _turns;
    private readonly ActivationLife _life;

    public GrainActivation(SiloNode silo, GrainClass grainClass, GrainId id)
    {
        Silo = silo;
        Class = grainClass;
        GrainId = id;
        ActivationId = ActivationId.NewId();
        Address = new GrainAddress { GrainId = id, ActivationId = ActivationId, SiloAddress = silo.Address };
        Enumerators = new EnumeratorTable(this);
        Timers = new GrainTimerTable(this);
        _scheduler = new ActivationScheduler(this);
        _turns = new TurnQueue(this);
        _life = new ActivationLife(this, _turns);
    }

    public SiloNode Silo { get; }

    public GrainClass Class { get; }

    public GrainId GrainId { get; }

    public ActivationId ActivationId { get; }

    public GrainAddress Address { get; }

    public object? GrainInstance => _life.Instance;

    public IServiceProvider ActivationServices => _life.Services;

    public Task Deactivated => _life.Ended;

    public GrainReference GrainReference => Silo.CreateReference(GrainId, typeof(IAddressable));

    public Invoker Invoker => Silo.Invoker;

    public EnumeratorTable Enumerators { get; }

    public GrainTimerTable Timers { get; }

    public GrainCollectionOptions Collection => Silo.Collection;

    /// <summary>Puts a turn into the inbox; any thread.</summary>
    public void Post(Turn turn) => _scheduler.Post(turn);

    /// <summary>Has something done on the scheduler; any thread.</summary>
    public void Post(Action command) => _scheduler.Post(command);

    /// <summary>Takes an item out of the inbox.</summary>
    public void Take(object item)
    {
        switch (item)
        {
            case Message { Kind: MessageKind.Cancel } withdrawal:
                _turns.Cancel(withdrawal);
                break;
            case Turn turn:
                _life.Accept(turn);
                break;
            case Action command:
                command();
                break;
            default:
                throw new InvalidOperationException($"a {item.GetType()} is no work for an activation");
        }
    }

    /// <summary>Begins the life of the activation; the scheduler's first work.</summary>
    public void Start() => Post(_life.Activate);

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) =>
        Post(() => _life.Deactivate(deactivationReason, cancellationToken));

    /// <summary>Ends the activation as a crash would: without a word to the grain.</summary>
    public void Kill() => Post(_life.Kill);

    public void DelayDeactivation(TimeSpan period) => _life.DelayDeactivation(period);

    /// <summary>Deactivates when nothing has used the grain for its collection age; any thread.</summary>
    public void PostIdleCheck() => Post(_life.DeactivateIfIdle);

    public object? GetTarget() => GrainInstance;

    public object? GetComponent(Type componentType) =>
        componentType.IsInstanceOfType(GrainInstance) ? GrainInstance
        : componentType == typeof(IEnumeratorExtension) ? Enumerators
        : null;

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => ActivationId.GetHashCode();

    public override string ToString() => Address.ToString();

    /// <summary>A turn of this activation is over.</summary>
    public void OnTurnEnded(Turn turn) => _life.OnTurnEnded(turn);
}
